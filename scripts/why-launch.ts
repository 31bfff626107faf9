import { type KubeEvent, type NodePool, nameOf, seenAt } from "./why-objects";
import { createdAt, gpuLimit, gpusPerNode, gpusUsed, type ModelView } from "./why-view";

/*
 * What became of each NodePool that a model may have a node of. Pure.
 */

/**
 * For so long Karpenter does not ask for what was refused, in seconds.
 * Source: aws/karpenter-provider-aws v1.14.0, pkg/cache/cache.go, UnavailableOfferingsTTL.
 */
export const REFUSED_FOR = 180;

/** EC2's codes for an account that may not have more. */
const QUOTA_CODES = ["VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"];

/** One refusal by EC2, as Karpenter tells of it. */
export interface Refusal {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly code: string;
  readonly types: readonly string[];
  readonly zones: readonly string[];
  /** Karpenter's message was too long: there were more types and zones. */
  readonly cut: boolean;
}

export interface Verdict {
  readonly pool: NodePool;
  /** `open`: nothing is known against it. */
  readonly kind: "not-ready" | "full" | "quota" | "refused" | "open";
  readonly refusal?: Refusal;
}

export function verdicts(view: ModelView): Verdict[] {
  return view.pools.map((pool) => {
    if (pool.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "False"))
      return { pool, kind: "not-ready" };
    // What is so now is better evidence than an event.
    if (isFull(pool)) return { pool, kind: "full" };
    const refusal = lastRefusal(view, pool);
    if (refusal === undefined) return { pool, kind: "open" };
    return { pool, kind: QUOTA_CODES.includes(refusal.code) ? "quota" : "refused", refusal };
  });
}

function isFull(pool: NodePool): boolean {
  const limit = gpuLimit(pool);
  return limit !== undefined && gpusUsed(pool) + gpusPerNode(pool) > limit;
}

/** While a pod waits, each try makes a NodeClaim of its own, named after its NodePool, that is gone after the refusal. */
function lastRefusal({ facts, waiting, now }: ModelView, pool: NodePool): Refusal | undefined {
  const since = waiting === undefined ? now : createdAt(waiting) - 1000;
  const own = facts.events
    .filter(
      ({ reason, involvedObject }) =>
        reason === "InsufficientCapacityError" &&
        poolNamed(involvedObject?.name ?? "", facts.nodePools) === nameOf(pool),
    )
    .filter((event) => seenAt(event) >= since)
    .map((event) => ({ at: seenAt(event), ...refusalIn(event) }))
    .sort((a, b) => b.at - a.at);
  const [last] = own;
  if (last === undefined) return undefined;
  // Each try names what it asked for; one answer can be cut short.
  const same = own.filter(({ code, at }) => code === last.code && last.at - at < REFUSED_FOR * 1000);
  const all = (of: "types" | "zones") => [...new Set(same.flatMap((one) => one[of]))].sort();
  return { at: last.at, code: last.code, types: all("types"), zones: all("zones"), cut: same.some(({ cut }) => cut) };
}

/** NodePools can be named alike: the longest name that fits is meant. */
const poolNamed = (claim: string, pools: readonly NodePool[]): string | undefined =>
  pools
    .map(nameOf)
    .filter((name) => claim.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];

/** EC2's own words: `CODE: text`, several with semicolons between them, the last one possibly cut short. */
function refusalIn({ message = "" }: KubeEvent): Omit<Refusal, "at"> {
  const codes = [...message.matchAll(/(?:^|[\s;])([A-Z][A-Za-z]+(?:\.[A-Z][A-Za-z]+)?): /g)].map(
    ([, code]) => code ?? "",
  );
  const types = [
    ...message.matchAll(/\b([a-z][a-z0-9]*[0-9][a-z0-9-]*\.(?:metal|[0-9]*x?large|medium|small)[a-z0-9-]*)/g),
  ];
  const zones = [...message.matchAll(/\b([a-z]{2}-[a-z-]+-\d[a-z])\b/g)];
  return {
    code: codes.find((code) => QUOTA_CODES.includes(code)) ?? codes[0] ?? "InsufficientCapacityError",
    types: types.map(([, type]) => type ?? ""),
    zones: zones.map(([, zone]) => zone ?? ""),
    cut: message.endsWith("..."),
  };
}
