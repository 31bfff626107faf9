import { type Facts, isUnknown, type StackModel } from "./why-facts";
import {
  conditionOf,
  type Deployment,
  GPU_RESOURCE,
  isTrue,
  type KubeEvent,
  type NodeClaim,
  type NodePool,
  nameOf,
  type Pod,
  type PodSpec,
  type ScaledObject,
  seenAt,
  timeOf,
} from "./why-objects";

/*
 * What the facts say of one model. Pure.
 */

const INSTANCE = "app.kubernetes.io/instance";
const COMPONENT = "app.kubernetes.io/component";
export const POOL_LABEL = "pilotlight.dev/pool";
const NODE_POOL_LABEL = "karpenter.sh/nodepool";

export interface ModelView {
  readonly model: string;
  readonly namespace: string;
  readonly facts: Facts;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly deployment: Deployment;
  readonly scaledObject?: ScaledObject;
  /** Replicas. */
  readonly wanted: number;
  readonly ready: number;
  /** Of the engine, without those that go. */
  readonly pods: readonly Pod[];
  /** The one that has waited longest to be ready. */
  readonly waiting?: Pod;
  /** NodePools whose nodes the pods may run on, in the order in which they are tried. */
  readonly pools: readonly NodePool[];
  /** The NodeClaim that the waiting pod is meant for, or the youngest one of its pools, while it is no working node yet. */
  readonly claim?: NodeClaim;
  /** Requests in the router's queue; nothing where that is not known. */
  readonly held?: number;
  readonly told: StackModel;
}

/** Names of the models that the cluster runs. */
export const modelsIn = ({ deployments }: Facts): string[] =>
  deployments
    .filter(({ spec }) => spec?.template?.metadata?.labels?.[COMPONENT] === "engine")
    .map(nameOf)
    .sort();

export function viewOf(model: string, facts: Facts): ModelView {
  const deployment = facts.deployments.find((one) => nameOf(one) === model);
  if (deployment === undefined) throw new Error(`there is no Deployment ${model}`);
  const pods = facts.pods.filter(
    ({ metadata }) =>
      metadata?.labels?.[INSTANCE] === model &&
      metadata.labels[COMPONENT] === "engine" &&
      metadata.deletionTimestamp === undefined,
  );
  const waiting = pods.filter((pod) => !isTrue(pod, "Ready")).sort((a, b) => createdAt(a) - createdAt(b))[0];
  const pools = poolsFor(waiting?.spec ?? deployment.spec?.template?.spec, facts.nodePools);
  return {
    model,
    namespace: deployment.metadata?.namespace ?? "inference",
    facts,
    now: timeOf(facts.now),
    deployment,
    scaledObject: facts.scaledObjects.find((one) => nameOf(one) === model),
    wanted: deployment.spec?.replicas ?? 0,
    ready: deployment.status?.readyReplicas ?? 0,
    pods,
    waiting,
    pools,
    claim: waiting && claimFor(waiting, pools, facts),
    held: isUnknown(facts.held) ? undefined : facts.held[model],
    told: facts.models[model] ?? {},
  };
}

export const createdAt = (object: { readonly metadata?: { readonly creationTimestamp?: string } }): number =>
  timeOf(object.metadata?.creationTimestamp);

/** Events of one object since it was made, the last first: an older one of the same name is not meant. */
export const eventsOf = (facts: Facts, kind: string, name: string): KubeEvent[] =>
  facts.events
    .filter(({ involvedObject }) => involvedObject?.kind === kind && involvedObject.name === name)
    .sort((a, b) => seenAt(b) - seenAt(a));

const allowed = (spec: PodSpec | undefined): readonly string[] | undefined =>
  spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
    ?.flatMap(({ matchExpressions = [] }) => matchExpressions)
    .find(({ key, operator }) => key === POOL_LABEL && operator === "In")?.values;

export const poolLabel = (pool: NodePool): string => pool.spec?.template?.metadata?.labels?.[POOL_LABEL] ?? "";

/** Karpenter tries the pod's pools in the order of its preferences, and within one the heaviest NodePool first. */
function poolsFor(spec: PodSpec | undefined, all: readonly NodePool[]): NodePool[] {
  const names = allowed(spec) ?? [];
  return all
    .filter((pool) => names.includes(poolLabel(pool)))
    .sort(
      (a, b) =>
        names.indexOf(poolLabel(a)) - names.indexOf(poolLabel(b)) || (b.spec?.weight ?? 0) - (a.spec?.weight ?? 0),
    );
}

/** The pools that the pods ask for by name. */
export const poolsAskedFor = ({ deployment, waiting }: ModelView): readonly string[] =>
  allowed(waiting?.spec ?? deployment.spec?.template?.spec) ?? [];

function claimFor(pod: Pod, pools: readonly NodePool[], facts: Facts): NodeClaim | undefined {
  const names = pools.map(nameOf);
  const open = facts.nodeClaims.filter(
    (claim) =>
      names.includes(claim.metadata?.labels?.[NODE_POOL_LABEL] ?? "") &&
      claim.metadata?.deletionTimestamp === undefined &&
      !isTrue(claim, "Initialized"),
  );
  const nominated = eventsOf(facts, "Pod", nameOf(pod)).find(({ reason }) => reason === "Nominated");
  const [, name] = /nodeclaim\/(\S+?)(?:,|$)/.exec(nominated?.message ?? "") ?? [];
  return open.find((claim) => nameOf(claim) === name) ?? open.sort((a, b) => createdAt(b) - createdAt(a))[0];
}

export const poolOfClaim = (claim: NodeClaim): string => claim.metadata?.labels?.[NODE_POOL_LABEL] ?? "";

/** Values of a NodePool's requirement, such as its instance types. */
export const required = (pool: NodePool, key: string): readonly string[] =>
  pool.spec?.template?.spec?.requirements?.find((one) => one.key === key && one.operator === "In")?.values ?? [];

export const typesOf = (pool: NodePool): readonly string[] => required(pool, "node.kubernetes.io/instance-type");
export const capacityOf = (pool: NodePool): string => required(pool, "karpenter.sh/capacity-type")[0] ?? "on-demand";
export const gpusPerNode = (pool: NodePool): number =>
  Number(required(pool, "karpenter.k8s.aws/instance-gpu-count")[0] ?? 1);
export const gpuLimit = (pool: NodePool): number | undefined => {
  const limit = pool.spec?.limits?.[GPU_RESOURCE];
  return limit === undefined ? undefined : Number(limit);
};
export const gpusUsed = (pool: NodePool): number => Number(pool.status?.resources?.[GPU_RESOURCE] ?? 0);

/** Milliseconds since a condition has its present status. */
export function sinceCondition(view: ModelView, object: Parameters<typeof conditionOf>[0], type: string): number {
  const time = timeOf(conditionOf(object, type)?.lastTransitionTime);
  return time === 0 ? 0 : view.now - time;
}
