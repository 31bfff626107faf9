import { INFERENCE_NAMESPACE } from "../components/namespaces";
import { type ClusterReader, NotRead } from "./why-cluster";
import {
  type Deployment,
  type KubeEvent,
  type KubeNode,
  type NodeClaim,
  type NodeClass,
  type NodePool,
  type Pod,
  prometheusOf,
  type ScaledObject,
} from "./why-objects";

/*
 * What `npm run why` asks, of whom. What only adds to an answer may be missing, and is told in one clause.
 */

/** What a stack puts out of each model, as far as it is wanted here. */
export interface StackModel {
  /** A held request is given up after so many seconds. */
  readonly holdSeconds?: number;
  readonly expected?: { readonly coldStartSeconds?: number };
}

/** The spend guard's word. */
export interface GuardFact {
  readonly gpusOff: boolean;
  /** ISO time. */
  readonly since?: string;
  readonly because?: string;
}

/** What was asked for in vain, and why. */
export interface Unknown {
  readonly unknown: string;
}

export interface Facts {
  /** ISO time at which the cluster was asked. */
  readonly now: string;
  readonly stack?: string;
  readonly region?: string;
  readonly deployments: readonly Deployment[];
  /** Of KEDA and Karpenter, where there are any. */
  readonly controllers: readonly Deployment[];
  readonly scaledObjects: readonly ScaledObject[];
  readonly pods: readonly Pod[];
  /** Of every namespace: those of nodes, NodeClaims and NodePools are in `default`. */
  readonly events: readonly KubeEvent[];
  readonly nodePools: readonly NodePool[];
  readonly nodeClaims: readonly NodeClaim[];
  readonly nodeClasses: readonly NodeClass[];
  readonly nodes: readonly KubeNode[];
  /** Requests in the routers' queues, by model. */
  readonly held: Readonly<Record<string, number>> | Unknown;
  /** Last lines of a container that ended, by pod. */
  readonly lastWords: Readonly<Record<string, string>>;
  readonly guard?: GuardFact | Unknown;
  readonly models: Readonly<Record<string, StackModel>>;
}

export const isUnknown = (fact: object): fact is Unknown => "unknown" in fact;

const CONTROLLERS = ["keda-operator", "karpenter"];
const LAST_LINES = 20;
/**
 * The picker's queue of each router, whose scrape jobs are named `NAMESPACE/MODEL-router`. It has no series before its first
 * request: then it is 0, as for KEDA, while the router can be scraped.
 */
const heldQuery = (namespace: string): string =>
  `sum by (job) (inference_extension_flow_control_queue_size) or 0 * sum by (job) (up{job=~"${namespace}/.+-router"} == 1)`;

export interface Asking {
  readonly reader: ClusterReader;
  readonly namespace?: string;
  readonly stack?: string;
  readonly region?: string;
  readonly models?: Readonly<Record<string, StackModel>>;
  /** Where there is a spend guard: what it says. It throws where it cannot be asked. */
  readonly askGuard?: () => Promise<GuardFact | undefined>;
  readonly now?: Date;
}

/** Asks everything at once. @throws ClusterUnreachable, and NotRead where it may not read what every answer needs. */
export async function gatherFacts(asking: Asking): Promise<Facts> {
  const { reader, namespace = INFERENCE_NAMESPACE, stack, region, models = {}, now = new Date() } = asking;
  const inNamespace = (group: string, plural: string) => `/apis/${group}/namespaces/${namespace}/${plural}`;
  const guard = guardFact(asking.askGuard);
  const [deployments, scaledObjects, pods, events, nodePools, nodeClaims, nodeClasses, nodes, controllers] =
    await Promise.all([
      reader.items<Deployment>(inNamespace("apps/v1", "deployments")),
      optional<ScaledObject>(reader, inNamespace("keda.sh/v1alpha1", "scaledobjects")),
      reader.items<Pod>(`/api/v1/namespaces/${namespace}/pods`),
      reader.items<KubeEvent>("/api/v1/events"),
      optional<NodePool>(reader, "/apis/karpenter.sh/v1/nodepools"),
      optional<NodeClaim>(reader, "/apis/karpenter.sh/v1/nodeclaims"),
      optional<NodeClass>(reader, "/apis/karpenter.k8s.aws/v1/ec2nodeclasses"),
      reader.items<KubeNode>("/api/v1/nodes"),
      optional<Deployment>(reader, "/apis/apps/v1/deployments"),
    ]);
  return {
    now: now.toISOString(),
    stack,
    region,
    deployments,
    controllers: controllers.filter(({ metadata }) => CONTROLLERS.includes(metadata?.name ?? "")),
    scaledObjects,
    pods,
    events,
    nodePools,
    nodeClaims,
    nodeClasses,
    nodes,
    held: await heldRequests(reader, scaledObjects, namespace),
    lastWords: await lastWords(reader, pods, namespace),
    guard: await guard,
    models,
  };
}

/** A cluster that somebody else runs may have no Karpenter, or nothing of it for these eyes. */
async function optional<T>(reader: ClusterReader, path: string): Promise<readonly T[]> {
  return reader.items<T>(path).catch((error: unknown) => {
    if (error instanceof NotRead && (error.status === 404 || error.status === 403)) return [];
    throw error;
  });
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function guardFact(ask: Asking["askGuard"]): Promise<Facts["guard"]> {
  return ask?.().catch((error: unknown) => ({ unknown: messageOf(error) }));
}

/** Asks the Prometheus that KEDA asks, through the API server: its Service has no address outside the cluster. */
async function heldRequests(
  reader: ClusterReader,
  scaledObjects: readonly ScaledObject[],
  namespace: string,
): Promise<Facts["held"]> {
  const prometheus = prometheusOf(scaledObjects);
  if (prometheus === undefined) return { unknown: "no ScaledObject names a Prometheus" };
  const { service, namespace: home, port } = prometheus;
  const path = `/api/v1/namespaces/${home}/services/${service}:${port}/proxy/api/v1/query?query=${encodeURIComponent(heldQuery(namespace))}`;
  try {
    const { data } = JSON.parse(await reader.text(path)) as {
      data: { result: { metric: { job?: string }; value: [number, string] }[] };
    };
    const own = data.result.flatMap(({ metric, value }) => {
      const [, model] = new RegExp(`^${namespace}/(.+)-router$`).exec(metric.job ?? "") ?? [];
      return model === undefined ? [] : [[model, Number(value[1])] as const];
    });
    return Object.fromEntries(own);
  } catch {
    // Its own address says more than the path of the API's proxy.
    return { unknown: `Prometheus (Service ${service} in namespace ${home}) does not answer` };
  }
}

async function lastWords(
  reader: ClusterReader,
  pods: readonly Pod[],
  namespace: string,
): Promise<Record<string, string>> {
  const ended = pods.flatMap(({ metadata, status }) =>
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
      .filter(({ ready, restartCount = 0 }) => !ready && restartCount > 0)
      .slice(0, 1)
      .map(({ name }) => [metadata?.name ?? "", name] as const),
  );
  const words = await Promise.all(
    ended.map(async ([pod, container]) => {
      const query = `container=${container}&previous=true&tailLines=${LAST_LINES}`;
      // The node may be gone, and its logs with it.
      const text = await reader.text(`/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`).catch(() => "");
      return [pod, text.trim()] as const;
    }),
  );
  return Object.fromEntries(words.filter(([, text]) => text !== ""));
}
