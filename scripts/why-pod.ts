import { type Cause, kubectl, pulumiUp } from "./why-cause";
import type { Facts } from "./why-facts";
import { type ContainerStatus, isTrue, nameOf, timeOf } from "./why-objects";
import { createdAt, type ModelView } from "./why-view";
import { ago, count, quoted, sentence, span } from "./why-words";

/*
 * Causes of a pod that has a node. Pure.
 */

const containersOf = ({ waiting }: ModelView): ContainerStatus[] =>
  [...(waiting?.status?.initContainerStatuses ?? []), ...(waiting?.status?.containerStatuses ?? [])].filter(
    ({ ready, state }) => ready !== true && state?.terminated?.exitCode !== 0,
  );

const IMAGE = ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"];
const REFUSED = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];

export function imagePull(view: ModelView): Cause | undefined {
  const container = containersOf(view).find(({ state }) => IMAGE.includes(state?.waiting?.reason ?? ""));
  if (container === undefined) return undefined;
  const { reason, message } = container.state?.waiting ?? {};
  const event = view.facts.events.find(
    ({ involvedObject, reason: why, message: text }) =>
      involvedObject?.name === nameOf(view.waiting) && why === "Failed" && text?.startsWith("Failed to pull"),
  );
  return {
    state: "image-pull",
    because: `cannot start: the image of container ${container.name} cannot be pulled (${reason})`,
    sentences: [
      sentence(`The node ${view.waiting?.spec?.nodeName} says: ${quoted(event?.message ?? message)}`),
      "Check that the image is there under that name, and that the node may read and reach its registry; Kubernetes tries again at least every 5 min.",
    ],
  };
}

export function outOfMemory(view: ModelView): Cause | undefined {
  const container = containersOf(view).find(({ state, lastState }) =>
    [state, lastState].some((one) => one?.terminated?.reason === "OOMKilled"),
  );
  if (container === undefined) return undefined;
  const end = container.state?.terminated ?? container.lastState?.terminated;
  const limit = view.waiting?.spec?.containers?.find(({ name }) => name === container.name)?.resources?.limits?.memory;
  return {
    state: "out-of-memory",
    because: `cannot start: container ${container.name} needs more memory than it may have`,
    sentences: [
      `The node killed it ${ago(timeOf(end?.finishedAt), view.now)} (OOMKilled, ${count(container.restartCount ?? 0, "restart")})${
        limit === undefined ? "" : ` at its limit of ${limit}`
      }.`,
      "That is the node's memory, not the GPU's: take a larger type into the pool's instanceTypes in the stack file, then:",
    ],
    commands: [pulumiUp(view.facts)],
  };
}

/** What an engine says before it ends, and what helps. */
const HINTS: readonly (readonly [RegExp, (facts: Facts) => string])[] = [
  [
    /CUDA out of memory|OutOfMemoryError|No available memory for the cache blocks|larger than the maximum number of tokens|KV cache is needed/i,
    () =>
      "The GPU's memory is too small for the model as it is set: lower contextLength, or choose a larger gpu; npm run plan tells what fits.",
  ],
  [
    /gated repo|401 Client Error|403 Client Error|Invalid username or password/i,
    (facts) =>
      "The model hub refuses: give a token that may read it: pulumi config set --secret huggingFaceToken TOKEN" +
      `${facts.stack === undefined ? "" : ` --stack ${facts.stack}`}, then ${pulumiUp(facts)}.`,
  ],
  [
    /AccessDenied|NoCredentialProviders|Unable to locate credentials/,
    (facts) =>
      "AWS refuses the weights or the cache: the pod's role may not read its bucket; " +
      `${pulumiUp(facts, "--refresh")} puts its rights back.`,
  ],
  [
    /unrecognized arguments|error: argument/i,
    () => "The engine does not know a flag: correct engineArgs of the model in the stack file.",
  ],
  [
    /driver version is insufficient|no CUDA-capable device|NVML|libcuda/i,
    () => "The engine cannot use the node's driver: see drivers in the stack file and the node's events.",
  ],
];
const TELLING = /error|exception|failed|killed|denied/i;

export function crashLoop(view: ModelView): Cause | undefined {
  const container = containersOf(view).find(
    ({ state, restartCount = 0 }) => restartCount > 0 || (state?.terminated?.exitCode ?? 0) !== 0,
  );
  if (container === undefined) return undefined;
  const pod = nameOf(view.waiting);
  const end = container.lastState?.terminated ?? container.state?.terminated;
  const lines = (view.facts.lastWords[pod] ?? "").split("\n").filter((line) => line.trim() !== "");
  const word = lines.filter((line) => TELLING.test(line)).at(-1) ?? lines.at(-1);
  const hint = HINTS.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1];
  return {
    state: "crash-loop",
    because: `does not come up: container ${container.name} has ended ${count(Math.max(1, container.restartCount ?? 0), "time")}`,
    sentences: [
      `The last time ${ago(timeOf(end?.finishedAt), view.now)}, with exit code ${end?.exitCode ?? "unknown"}${
        word === undefined ? "" : `; it said: ${quoted(word)}`
      }`,
      ...(hint === undefined ? [] : [hint(view.facts)]),
      "All it said:",
    ].map((text) => (text.endsWith(":") ? text : sentence(text))),
    commands: [kubectl(view, `logs ${pod} -c ${container.name} --previous`)],
  };
}

export function containerRefused(view: ModelView): Cause | undefined {
  const container = containersOf(view).find(({ state }) => REFUSED.includes(state?.waiting?.reason ?? ""));
  if (container === undefined) return undefined;
  const { reason, message } = container.state?.waiting ?? {};
  return {
    state: "container-refused",
    because: `cannot start: the node cannot make container ${container.name} (${reason})`,
    sentences: [sentence(`It says: ${quoted(message)}`)],
  };
}

export function loading(view: ModelView): Cause | undefined {
  const { waiting, now } = view;
  if (waiting?.spec?.nodeName === undefined) return undefined;
  const started = containersOf(view).find(({ name, state }) => name === "engine" && state?.running !== undefined);
  const node = waiting.spec.nodeName;
  return {
    state: "loading",
    because:
      started === undefined
        ? `is on node ${node}, and its containers are not started yet`
        : `is on node ${node} and loads`,
    sentences: [
      started === undefined
        ? "Images are pulled and volumes made; nothing has gone wrong so far."
        : `The engine started ${ago(timeOf(started.state?.running?.startedAt), now)}; nothing has gone wrong so far.`,
      ...coldStart(view),
    ],
  };
}

/** What is usual, against what has passed. */
export function coldStart({ told, waiting, now }: ModelView): string[] {
  const usual = told.expected?.coldStartSeconds;
  if (waiting === undefined || isTrue(waiting, "Ready")) return [];
  const passed = `${span((now - createdAt(waiting)) / 1000)} have passed`;
  return usual === undefined ? [] : [`A cold start usually takes ${span(usual)} in all; ${passed}.`];
}
