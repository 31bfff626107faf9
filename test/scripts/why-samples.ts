import { expect, test } from "vitest";
import type { State } from "../../scripts/why-cause";
import { explain, textOf } from "../../scripts/why-explain";
import type { Facts } from "../../scripts/why-facts";
import type {
  Condition,
  ContainerStatus,
  Deployment,
  KubeEvent,
  KubeNode,
  NodeClaim,
  NodePool,
  Pod,
  PodSpec,
  ScaledObject,
} from "../../scripts/why-objects";

/*
 * Objects as the controllers write them: those of Karpenter as the live rehearsal's part `why` shows them.
 */

export const NOW = "2026-03-10T12:00:00.000Z";
export const past = (seconds: number): string => new Date(Date.parse(NOW) - seconds * 1000).toISOString();
export const MODEL = "qwen3-8b";

const engineLabels = { "app.kubernetes.io/instance": MODEL, "app.kubernetes.io/component": "engine" };
const spec: PodSpec = {
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: "pilotlight.dev/pool", operator: "In", values: ["l40s", "a10g"] }] },
        ],
      },
    },
  },
  containers: [{ name: "engine", resources: { limits: { memory: "24Gi", "nvidia.com/gpu": "1" } } }],
};

export const deployment = (replicas: number, ready = 0): Deployment => ({
  metadata: { name: MODEL, namespace: "inference" },
  spec: { replicas, template: { metadata: { labels: engineLabels }, spec } },
  status: { readyReplicas: ready },
});

export const scaledObject: ScaledObject = {
  metadata: { name: MODEL },
  spec: { pollingInterval: 5 },
  status: { conditions: [condition("Ready", "True", "ScaledObjectReady")] },
};

export function condition(
  type: string,
  status: string,
  reason?: string,
  message?: string,
  seconds?: number,
): Condition {
  return { type, status, reason, message, lastTransitionTime: seconds === undefined ? undefined : past(seconds) };
}

const UNSCHEDULABLE = condition(
  "PodScheduled",
  "False",
  "Unschedulable",
  "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
);

/** A pod that has waited for so many seconds. */
export const pending = (seconds: number): Pod => ({
  metadata: { name: `${MODEL}-5d9c-abcde`, labels: engineLabels, creationTimestamp: past(seconds) },
  spec,
  status: { phase: "Pending", conditions: [UNSCHEDULABLE] },
});

/** The same on a node, with a container that is in this state. */
export const placed = (seconds: number, container: Partial<ContainerStatus>): Pod => ({
  ...pending(seconds),
  spec: { ...spec, nodeName: "ip-10-0-1-2.ec2.internal" },
  status: { phase: "Pending", containerStatuses: [{ name: "engine", ready: false, ...container }] },
});

export function nodePool(
  name: string,
  types: readonly string[],
  more: { used?: number; limit?: number } = {},
): NodePool {
  const [, label = "", capacity = ""] = /^([^-]+)-(.+)$/.exec(name) ?? [];
  const only = (key: string, ...values: string[]) => ({ key, operator: "In", values });
  return {
    metadata: { name },
    spec: {
      weight: capacity === "spot" ? 100 : 90,
      limits: { "nvidia.com/gpu": `${more.limit ?? 2}` },
      template: {
        metadata: { labels: { "pilotlight.dev/pool": label } },
        spec: {
          nodeClassRef: { name: label },
          requirements: [
            only("karpenter.sh/capacity-type", capacity),
            only("karpenter.k8s.aws/instance-gpu-count", "1"),
            only("node.kubernetes.io/instance-type", ...types),
          ],
        },
      },
    },
    status: {
      resources: { "nvidia.com/gpu": `${more.used ?? 0}` },
      conditions: [condition("Ready", "True")],
    },
  };
}

export const POOLS = [
  nodePool("a10g-on-demand", ["g5.xlarge", "g5.2xlarge"]),
  nodePool("l40s-on-demand", ["g6e.xlarge"]),
  nodePool("l40s-spot", ["g6e.xlarge"]),
];

/** A NodeClaim of NodePool l40s-spot. */
export const claim = (conditions: readonly Condition[], seconds = 400): NodeClaim => ({
  metadata: {
    name: "l40s-spot-x7k2p",
    creationTimestamp: past(seconds),
    labels: {
      "karpenter.sh/nodepool": "l40s-spot",
      "node.kubernetes.io/instance-type": "g6e.xlarge",
      "karpenter.sh/capacity-type": "spot",
    },
  },
  status: { providerID: "aws:///us-east-1a/i-0123456789abcdef0", conditions },
});

export const node = (seconds: number, gpus?: number): KubeNode => ({
  metadata: {
    name: "ip-10-0-1-2.ec2.internal",
    creationTimestamp: past(seconds),
    labels: { "pilotlight.dev/pool": "l40s" },
  },
  status: {
    conditions: [condition("Ready", "True")],
    allocatable: gpus === undefined ? { cpu: "3920m" } : { "nvidia.com/gpu": `${gpus}` },
  },
});

export const event = (kind: string, name: string, reason: string, message: string, seconds: number): KubeEvent => ({
  involvedObject: { kind, name },
  reason,
  message,
  lastTimestamp: past(seconds),
});

/** EC2's refusal of a launch as Karpenter writes it, cut at 300 characters as it does. */
export function refused(pool: string, errors: string, seconds: number): KubeEvent {
  const name = `${pool}-q9z4t`;
  const text = `insufficient capacity, with fleet error(s), ${errors}`;
  const cut = text.length < 300 ? text : `${text.slice(0, 300)}...`;
  return event("NodeClaim", name, "InsufficientCapacityError", `NodeClaim ${name} event: ${cut}`, seconds);
}

export const noRoom = (type: string, zone: string): string =>
  `InsufficientInstanceCapacity: We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity.`;
export const VCPU_LIMIT =
  "VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the specified instance type belongs to.";

export const facts = (more: Partial<Facts> = {}): Facts => ({
  now: NOW,
  stack: "dev",
  region: "us-east-1",
  deployments: [deployment(0)],
  controllers: [],
  scaledObjects: [scaledObject],
  pods: [],
  events: [],
  nodePools: POOLS,
  nodeClaims: [],
  nodeClasses: [],
  nodes: [],
  held: {},
  lastWords: {},
  models: { [MODEL]: { holdSeconds: 900, expected: { coldStartSeconds: 240 } } },
  ...more,
});

/** One replica is wanted, its pod has waited for so long, and a request is held. */
export const waits = (seconds: number, more: Partial<Facts> = {}): Facts =>
  facts({ deployments: [deployment(1)], pods: [pending(seconds)], held: { [MODEL]: 1 }, ...more });

/** The same, and the pod has a node. */
export const starts = (seconds: number, container: Partial<ContainerStatus>, more: Partial<Facts> = {}): Facts =>
  waits(seconds, { pods: [placed(seconds, container)], ...more });

/** One test for each case: what is said of these facts, word for word. */
export const say = (cases: readonly (readonly [name: string, state: State, given: Facts, said: string])[]): void =>
  test.each(cases)("%s", (_, state, given, said) => {
    const answers = explain(given);
    expect(textOf(answers)).toBe(said);
    expect(answers.map((answer) => answer.state)).toEqual([state]);
  });
