import { describe } from "vitest";
import { claim, condition, deployment, event, facts, MODEL, past, say, scaledObject, waits } from "./why-samples";

describe("what keeps a model without a pod, and what is as it should be", () => {
  say([
    [
      "nothing is asked",
      "asleep",
      facts({ held: { [MODEL]: 0 } }),
      "qwen3-8b is asleep. Nothing is asked of it, so it needs no GPU: that is as it should be.",
    ],
    [
      "nobody knows what is asked",
      "asleep",
      facts({ held: { unknown: "Prometheus (Service p in namespace monitoring) does not answer" } }),
      "qwen3-8b is asleep. How many requests are held is not known: Prometheus (Service p in namespace monitoring) does not answer.",
    ],
    [
      "all replicas serve",
      "awake",
      facts({ deployments: [deployment(2, 2)], held: { [MODEL]: 3 } }),
      "qwen3-8b is awake: 2 of 2 replicas ready. 3 requests in the queue wait for a free place.",
    ],
    [
      "KEDA has not looked yet",
      "waking",
      facts({ held: { [MODEL]: 1 } }),
      "qwen3-8b is about to wake: requests are held, and KEDA has not asked for a replica yet. It looks every 5 s. 1 request is held.",
    ],
    [
      "GPUs are switched off",
      "switched-off",
      waits(100, {
        guard: { gpusOff: true, since: past(7500), because: "The lease is over." },
        nodeClaims: [claim([condition("Launched", "Unknown", "Unauthorized", "User is not authorized", 50)])],
      }),
      `qwen3-8b gets no GPU: the spend guard switched GPUs off 2 h 5 min ago. Its reason: The lease is over. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Switch them on again with:
  npm run wake -- --stack dev`,
    ],
    [
      "scaling is paused",
      "scaling-blocked",
      facts({
        held: { [MODEL]: 2 },
        scaledObjects: [
          { ...scaledObject, metadata: { name: MODEL, annotations: { "autoscaling.keda.sh/paused": "true" } } },
        ],
      }),
      `qwen3-8b does not wake: its scaling is paused. 2 requests are held. ScaledObject qwen3-8b has the annotation autoscaling.keda.sh/paused: true. Take it away with:
  kubectl -n inference annotate scaledobject qwen3-8b autoscaling.keda.sh/paused-`,
    ],
    [
      "KEDA is down",
      "scaling-blocked",
      facts({
        held: { [MODEL]: 2 },
        controllers: [{ metadata: { name: "keda-operator", namespace: "keda" }, status: {} }],
      }),
      `qwen3-8b does not wake: KEDA is down. 2 requests are held. Deployment keda-operator in namespace keda has no available pod. Look at it with:
  kubectl -n keda describe deployment keda-operator`,
    ],
    [
      "there is no ScaledObject",
      "scaling-blocked",
      facts({ scaledObjects: [] }),
      `qwen3-8b does not wake: nothing scales it. How many requests are held is not known. There is no ScaledObject qwen3-8b in namespace inference. Make it again with:
  pulumi up --stack dev --refresh`,
    ],
    [
      "Prometheus is down",
      "scaling-blocked",
      facts({
        held: { unknown: "Prometheus (Service p in namespace pilotlight-monitoring) does not answer" },
        scaledObjects: [
          {
            ...scaledObject,
            // As an adopted cluster has it.
            spec: { triggers: [{ metadata: { serverAddress: "http://p.pilotlight-monitoring.svc:9090" } }] },
            status: {
              conditions: [
                condition(
                  "Ready",
                  "False",
                  "TriggerError",
                  "Triggers defined in ScaledObject are not working correctly",
                ),
              ],
            },
          },
        ],
      }),
      `qwen3-8b does not wake: KEDA cannot tell whether it is asked. ScaledObject qwen3-8b is not ready (TriggerError): Triggers defined in ScaledObject are not working correctly. How many requests are held is not known: Prometheus (Service p in namespace pilotlight-monitoring) does not answer. Prometheus has to come back first. Look with:
  kubectl -n pilotlight-monitoring get pods`,
    ],
    [
      "a trigger fails",
      "scaling-blocked",
      facts({
        held: { [MODEL]: 2 },
        scaledObjects: [
          {
            ...scaledObject,
            status: {
              conditions: [
                condition(
                  "Ready",
                  "False",
                  "TriggerError",
                  "Triggers defined in ScaledObject are not working correctly",
                ),
              ],
            },
          },
        ],
      }),
      `qwen3-8b does not wake: KEDA cannot tell whether it is asked. ScaledObject qwen3-8b is not ready (TriggerError): Triggers defined in ScaledObject are not working correctly. 2 requests are held. Requests stay held until it is. Look with:
  kubectl -n inference describe scaledobject qwen3-8b`,
    ],
    [
      "the namespace's quota is used up",
      "resource-quota",
      facts({
        deployments: [deployment(1)],
        held: { [MODEL]: 1 },
        events: [
          event(
            "ReplicaSet",
            `${MODEL}-5d9c`,
            "FailedCreate",
            `Error creating: pods "qwen3-8b-5d9c-abcde" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=4, limited: requests.nvidia.com/gpu=4`,
            20,
          ),
        ],
      }),
      `qwen3-8b has no pod: ResourceQuota gpus of namespace inference is used up. A replica requests requests.nvidia.com/gpu=1, in use are requests.nvidia.com/gpu=4, allowed are requests.nvidia.com/gpu=4. 1 request is held. The quota is the sum of what the pools may have: wait until another model sleeps, or raise maxGpus of a pool in the stack file, then:
  pulumi up --stack dev`,
    ],
    [
      "the namespace refuses the pod",
      "pods-refused",
      facts({
        deployments: [deployment(1)],
        held: { [MODEL]: 1 },
        events: [
          event(
            "ReplicaSet",
            `${MODEL}-5d9c`,
            "FailedCreate",
            `Error creating: pods "qwen3-8b-5d9c-abcde" is forbidden: violates PodSecurity "restricted:latest"`,
            20,
          ),
        ],
      }),
      'qwen3-8b has no pod: Kubernetes refuses to make one. It says, 20 s ago: Error creating: pods "qwen3-8b-5d9c-abcde" is forbidden: violates PodSecurity "restricted:latest". 1 request is held.',
    ],
    [
      "there is no pod yet",
      "waking",
      facts({
        deployments: [deployment(1)],
        held: { [MODEL]: 1 },
        events: [
          event(
            "ReplicaSet",
            `${MODEL}-router-77`,
            "FailedCreate",
            "exceeded quota: gpus, requested: a=1, used: a=1, limited: a=1",
            20,
          ),
        ],
      }),
      "qwen3-8b has no pod yet. Kubernetes is about to make one. 1 request is held.",
    ],
  ]);
});
