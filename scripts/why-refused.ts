import { INSTANCES } from "../planner/instances";
import { quotaOf, quotaRequest } from "../planner/quotas";
import type { Cause } from "./why-cause";
import { REFUSED_FOR, type Verdict, verdicts } from "./why-launch";
import { nameOf } from "./why-objects";
import { capacityOf, gpuLimit, gpusPerNode, gpusUsed, type ModelView, typesOf } from "./why-view";
import { ago, list, span } from "./why-words";

/*
 * Causes of a pod that has no node because EC2 gives none: the account's quota, or no capacity. Pure.
 */

/** One NodePool that EC2 refused, in a sentence. */
export function refusedText({ pool, refusal }: Verdict, now: number): string {
  if (refusal === undefined) return "";
  const types = refusal.types.length > 0 ? refusal.types : typesOf(pool);
  const zones = refusal.zones.length > 0 ? ` in ${list(refusal.zones)}` : "";
  const others = refusal.types.length > 0 && refusal.cut ? ", among others," : "";
  return `For NodePool ${nameOf(pool)} EC2 refused ${list(types)} (${capacityOf(pool)})${zones}${others} ${ago(refusal.at, now)}: ${refusal.code}.`;
}

const fullText = ({ pool }: Verdict): string =>
  `NodePool ${nameOf(pool)} is at its limit: ${gpusUsed(pool)} of ${gpuLimit(pool)} GPUs.`;

const unplaced = ({ waiting, claim }: ModelView): boolean =>
  waiting !== undefined && waiting.spec?.nodeName === undefined && claim === undefined;

function evidence(all: readonly Verdict[], now: number): string[] {
  return all.flatMap((one) => {
    if (one.refusal !== undefined) return [refusedText(one, now)];
    return one.kind === "full" ? [fullText(one)] : [];
  });
}

/** Karpenter leaves alone for some minutes what was refused. */
function again(all: readonly Verdict[], now: number): string {
  const next = all.find(({ kind }) => kind === "open");
  if (next !== undefined) return `Next in the order is NodePool ${nameOf(next.pool)}.`;
  const first = Math.min(...all.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal.at])));
  const left = REFUSED_FOR - (now - first) / 1000;
  return left > 0
    ? `Karpenter asks again ${span(REFUSED_FOR)} after a refusal: in ${span(left)}.`
    : "Karpenter is about to ask again.";
}

export function overQuota(view: ModelView): Cause | undefined {
  const all = verdicts(view);
  const stuck = all.filter(({ kind }) => kind === "quota");
  if (!unplaced(view) || stuck.length === 0 || all.some(({ kind }) => kind === "open")) return undefined;
  const found = stuck.flatMap(({ pool, refusal }) => {
    const type = refusal?.types[0] ?? typesOf(pool)[0] ?? "";
    return quotaOf(type, capacityOf(pool) === "spot") ?? [];
  });
  const quotas = found.filter(({ code }, at) => found.findIndex((one) => one.code === code) === at);
  const names = quotas.length === 0 ? "" : ` (${list(quotas.map(({ name, code }) => `"${name}", ${code}`))})`;
  return {
    state: "quota",
    because: `gets no node: the account's quota of EC2 does not allow one more${names}`,
    sentences: [
      ...evidence(all, view.now),
      again(all, view.now),
      ...(quotas.length === 0 ? [] : ["Ask AWS for what the NodePools may have at most:"]),
    ],
    commands: quotas.map((quota) => quotaRequest(quota, vcpusOf(view, quota.code), view.facts.region)),
  };
}

/** vCPUs of all that NodePools may have on one quota, of the smallest type of each. */
function vcpusOf({ facts }: ModelView, code: string): number {
  return facts.nodePools.reduce((sum, pool) => {
    const types = typesOf(pool).filter((type) => quotaOf(type, capacityOf(pool) === "spot")?.code === code);
    const known = types.flatMap((type) => (Object.hasOwn(INSTANCES, type) ? [INSTANCES[type]?.vcpus ?? 0] : []));
    const nodes = Math.max(1, Math.floor((gpuLimit(pool) ?? 0) / gpusPerNode(pool)));
    return known.length === 0 ? sum : sum + Math.min(...known) * nodes;
  }, 0);
}

export function noCapacity(view: ModelView): Cause | undefined {
  const all = verdicts(view);
  const refused = all.filter(({ kind }) => kind === "refused" || kind === "quota");
  if (!unplaced(view) || refused.length === 0) return undefined;
  const open = all.some(({ kind }) => kind === "open");
  const codes = [...new Set(refused.map(({ refusal }) => refusal?.code ?? ""))];
  return {
    state: "no-capacity",
    because: open
      ? `waits for a node: EC2 has refused the first of its choices (${list(codes)})`
      : `gets no node: EC2 has no capacity for any of its choices (${list(codes)})`,
    sentences: [
      ...evidence(all, view.now),
      again(all, view.now),
      ...(open
        ? []
        : ["Another gpu, another kind of capacity or more instanceTypes in the stack file give it more choices."]),
    ],
  };
}
