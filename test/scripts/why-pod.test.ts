import { describe } from "vitest";
import { deployment, event, facts, MODEL, past, placed, say, starts } from "./why-samples";

describe("a pod that has a node", () => {
  say([
    [
      "the image cannot be pulled",
      "image-pull",
      starts(
        300,
        { state: { waiting: { reason: "ImagePullBackOff", message: `Back-off pulling image "vllm/vllm-openai:v9"` } } },
        {
          events: [
            event("Pod", `${MODEL}-5d9c-abcde`, "Failed", `Failed to pull image "vllm/vllm-openai:v9": not found`, 60),
          ],
        },
      ),
      'qwen3-8b cannot start: the image of container engine cannot be pulled (ImagePullBackOff). The node ip-10-0-1-2.ec2.internal says: Failed to pull image "vllm/vllm-openai:v9": not found. Check that the image is there under that name, and that the node may read and reach its registry; Kubernetes tries again at least every 5 min. 1 request is held; the first will be given up in about 10 min, 15 min after it came.',
    ],
    [
      "its memory is too small",
      "out-of-memory",
      starts(300, {
        restartCount: 2,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { reason: "OOMKilled", exitCode: 137, finishedAt: past(30) } },
      }),
      `qwen3-8b cannot start: container engine needs more memory than it may have. The node killed it 30 s ago (OOMKilled, 2 restarts) at its limit of 24Gi. 1 request is held; the first will be given up in about 10 min, 15 min after it came. That is the node's memory, not the GPU's: take a larger type into the pool's instanceTypes in the stack file, then:
  pulumi up --stack dev`,
    ],
    [
      "the engine ends, and says why",
      "crash-loop",
      starts(
        300,
        {
          restartCount: 3,
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { reason: "Error", exitCode: 1, finishedAt: past(30) } },
        },
        {
          lastWords: {
            [`${MODEL}-5d9c-abcde`]:
              "INFO loading\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\nINFO bye",
          },
        },
      ),
      `qwen3-8b does not come up: container engine has ended 3 times. The last time 30 s ago, with exit code 1; it said: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. The GPU's memory is too small for the model as it is set: lower contextLength, or choose a larger gpu; npm run plan tells what fits. 1 request is held; the first will be given up in about 10 min, 15 min after it came. All it said:
  kubectl -n inference logs qwen3-8b-5d9c-abcde -c engine --previous`,
    ],
    [
      "the hub wants a token",
      "crash-loop",
      starts(
        300,
        {
          restartCount: 1,
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { exitCode: 1, finishedAt: past(30) } },
        },
        { lastWords: { [`${MODEL}-5d9c-abcde`]: "OSError: You are trying to access a gated repo." } },
      ),
      `qwen3-8b does not come up: container engine has ended 1 time. The last time 30 s ago, with exit code 1; it said: OSError: You are trying to access a gated repo. The model hub refuses: give a token that may read it: pulumi config set --secret huggingFaceToken TOKEN --stack dev, then pulumi up --stack dev. 1 request is held; the first will be given up in about 10 min, 15 min after it came. All it said:
  kubectl -n inference logs qwen3-8b-5d9c-abcde -c engine --previous`,
    ],
    [
      "the engine ends in silence",
      "crash-loop",
      starts(300, {
        restartCount: 1,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 2, finishedAt: past(30) } },
      }),
      `qwen3-8b does not come up: container engine has ended 1 time. The last time 30 s ago, with exit code 2. 1 request is held; the first will be given up in about 10 min, 15 min after it came. All it said:
  kubectl -n inference logs qwen3-8b-5d9c-abcde -c engine --previous`,
    ],
    [
      "a Secret is not there",
      "container-refused",
      starts(60, {
        state: { waiting: { reason: "CreateContainerConfigError", message: `secret "hub-token" not found` } },
      }),
      'qwen3-8b cannot start: the node cannot make container engine (CreateContainerConfigError). It says: secret "hub-token" not found. 1 request is held; the first will be given up in about 14 min, 15 min after it came.',
    ],
    [
      "images come",
      "loading",
      starts(60, { state: { waiting: { reason: "ContainerCreating" } } }),
      "qwen3-8b is on node ip-10-0-1-2.ec2.internal, and its containers are not started yet. Images are pulled and volumes made; nothing has gone wrong so far. A cold start usually takes 4 min in all; 60 s have passed. 1 request is held; the first will be given up in about 14 min, 15 min after it came.",
    ],
    [
      "the engine loads",
      "loading",
      starts(120, { state: { running: { startedAt: past(40) } } }),
      "qwen3-8b is on node ip-10-0-1-2.ec2.internal and loads. The engine started 40 s ago; nothing has gone wrong so far. A cold start usually takes 4 min in all; 2 min have passed. 1 request is held; the first will be given up in about 13 min, 15 min after it came.",
    ],
    [
      "one of two serves",
      "loading",
      facts({
        deployments: [deployment(2, 1)],
        pods: [placed(120, { state: { running: { startedAt: past(40) } } })],
        held: { [MODEL]: 4 },
      }),
      "qwen3-8b is awake with 1 of 2 replicas; the next one is on node ip-10-0-1-2.ec2.internal and loads. The engine started 40 s ago; nothing has gone wrong so far. A cold start usually takes 4 min in all; 2 min have passed. 4 requests are held.",
    ],
    [
      "a hold is over",
      "loading",
      starts(1000, { state: { running: { startedAt: past(40) } } }),
      "qwen3-8b is on node ip-10-0-1-2.ec2.internal and loads. The engine started 40 s ago; nothing has gone wrong so far. A cold start usually takes 4 min in all; 17 min have passed. 1 request is held; those that came first have been given up, 15 min after they came.",
    ],
  ]);
});
