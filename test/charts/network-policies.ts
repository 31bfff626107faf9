import type { KubernetesObject } from "./helm";
import { selects } from "./pods";

/** A pod at one end of a connection; an address outside the cluster has neither. */
export interface Peer {
  namespace?: string;
  labels?: Record<string, string>;
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: unknown[];
}
interface From {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: unknown;
}
interface Policy {
  metadata: { namespace?: string };
  spec: {
    podSelector: Selector;
    policyTypes: string[];
    ingress?: { from?: From[]; ports?: { protocol?: string; port?: number | string }[] }[];
  };
}

/** Whether a selector picks these labels; what this small reading does not know of, it refuses to guess. */
function matches(selector: Selector, labels: Record<string, string>): boolean {
  if (selector.matchExpressions !== undefined) throw new Error("matchExpressions are not read here");
  return selects(selector.matchLabels, labels);
}

function comesFrom(from: From, peer: Peer, home: string): boolean {
  if (from.ipBlock !== undefined) throw new Error("ipBlock is not read here");
  if (peer.namespace === undefined) return false;
  // Every namespace carries its own name as a label.
  const inNamespace = from.namespaceSelector
    ? matches(from.namespaceSelector, { "kubernetes.io/metadata.name": peer.namespace })
    : peer.namespace === home;
  return inNamespace && (from.podSelector === undefined || matches(from.podSelector, peer.labels ?? {}));
}

/**
 * Whether the policies among `objects` let `peer` open a TCP connection to a pod of `home` with those labels.
 * As Kubernetes reads them: a pod that no policy picks is open; else one rule of any policy has to allow it.
 */
export function mayConnect(
  objects: readonly KubernetesObject[],
  home: string,
  peer: Peer,
  target: Record<string, string>,
  port: number,
): boolean {
  const policies = objects
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map((object) => object as unknown as Policy)
    .filter(({ spec }) => spec.policyTypes.includes("Ingress") && matches(spec.podSelector, target));
  if (policies.length === 0) return true;
  return policies.some(({ spec }) =>
    (spec.ingress ?? []).some(
      ({ from, ports }) =>
        (from === undefined || from.some((each) => comesFrom(each, peer, home))) &&
        (ports === undefined || ports.some((each) => (each.protocol ?? "TCP") === "TCP" && each.port === port)),
    ),
  );
}
