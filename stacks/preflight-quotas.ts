import { type Quota, quotaOf, quotaRequest } from "../planner/quotas";
import type { OwnStack } from "./config";
import { instanceFacts } from "./pools";
import { type Facts, type Findings, type Pool, poolsIn, type Where } from "./preflight-facts";

/*
 * Quotas against what the pools may run at most. The limit counts, not what is free of it now: a stack that runs uses its
 * own quota. Nodes in a capacity reservation need none of it: the reservation was counted when it was made, and capacity
 * blocks are not counted at all.
 */

type Kind = "on-demand" | "spot";
const WORDS: Readonly<Record<Kind, string>> = { "on-demand": "on demand", spot: "on spot" };

/** What one pool needs of one quota, in vCPUs of its smallest type. */
export interface Need {
  readonly pool: Pool;
  readonly kind: Kind;
  readonly quota: Quota;
  readonly type: string;
  /** Of one node. */
  readonly node: number;
  /** Of the nodes that always run. */
  readonly steady: number;
  /** Of all nodes that it may have. */
  readonly most: number;
}

/** The type with the fewest vCPUs: what Karpenter can start last where a quota runs out. */
function smallest({ types }: Pool): { type: string; vcpus: number } | undefined {
  const known = types.flatMap((type) => {
    const facts = instanceFacts(type);
    return facts === undefined ? [] : [{ type, vcpus: facts.vcpus }];
  });
  return known.sort((a, b) => a.vcpus - b.vcpus)[0];
}

function needsOf(pool: Pool): Need[] {
  const { capacity, capacityBlock, gpusPerNode, maxGpus, steadyNodes } = pool.settings;
  const one = smallest(pool);
  if (one === undefined) return [];
  return (["on-demand", "spot"] as const).flatMap((kind) => {
    const quota = quotaOf(one.type, kind === "spot");
    const steadyCount = kind === "on-demand" && capacityBlock === undefined ? steadyNodes : 0;
    const elasticCount = capacity.includes(kind) ? Math.floor(maxGpus / gpusPerNode) : 0;
    if (quota === undefined || steadyCount + elasticCount === 0) return [];
    const node = one.vcpus;
    const steady = steadyCount * node;
    return [{ pool, kind, quota, type: one.type, node, steady, most: steady + elasticCount * node }];
  });
}

/** What the pools of a stack need of quotas. */
export const quotaNeeds = (config: OwnStack): Need[] => poolsIn(config).flatMap(needsOf);

const total = (needs: readonly Need[], of: "steady" | "most") => needs.reduce((sum, need) => sum + need[of], 0);

export function quotaFindings(config: OwnStack, { quotas }: Facts, { region }: Where): Findings {
  const faults: { path: string; message: string }[] = [];
  const warnings: { path: string; message: string }[] = [];
  const needs = quotaNeeds(config);
  const blocked = ({ quota, node }: Need) => (quotas[quota.code] ?? Number.POSITIVE_INFINITY) < node;

  for (const code of new Set(needs.map(({ quota }) => quota.code))) {
    const limit = quotas[code];
    const sharing = needs.filter(({ quota }) => quota.code === code);
    const [first] = sharing;
    if (limit === undefined || first === undefined || limit >= total(sharing, "most")) continue;
    const account = `the account's limit in ${region} is ${limit} (quota "${first.quota.name}")`;
    const fix = `ask for more: ${quotaRequest(first.quota, total(sharing, "most"), region)}`;

    const stuck = sharing.filter(blocked);
    for (const need of stuck) {
      const others = otherWays(need);
      const start = `a node of the smallest type, ${need.type}, needs ${need.node} vCPUs ${WORDS[need.kind]}, and ${account}`;
      if (need.steady > 0 || others.length === 0)
        faults.push({
          path: `gpuPools.${need.pool.name}`,
          message: `none of its nodes can ever start: ${start}; ${fix}`,
        });
      else
        warnings.push({
          path: `gpuPools.${need.pool.name}.capacity`,
          message: `${need.kind} can start no node, and ${others.join(", ")} is left: ${start}; ${fix}`,
        });
    }
    const rest = sharing.filter((need) => !stuck.includes(need));
    const steady = total(sharing, "steady");
    if (steady > limit)
      for (const { pool, steady: own } of rest.filter((need) => need.steady > 0))
        faults.push({
          path: `gpuPools.${pool.name}.steadyNodes`,
          message: `${pool.settings.steadyNodes} nodes that always run need ${own} vCPUs on demand, all steady nodes together ${steady}, and ${account}; ${fix}`,
        });
    else if (rest.length > 0)
      warnings.push({
        path: rest.map(({ pool }) => `gpuPools.${pool.name}`).join(", "),
        message: `not all nodes that the pools allow can run at once: at most they need ${total(sharing, "most")} vCPUs ${WORDS[first.kind]}, and ${account}; ${fix}`,
      });
  }
  return { faults, warnings };

  /** Other kinds of capacity in the pool's order by which a node can start; of an unknown limit that is assumed. */
  function otherWays(need: Need): string[] {
    const { capacity, maxGpus } = need.pool.settings;
    if (maxGpus === 0) return [];
    return capacity.filter(
      (kind) => kind !== need.kind && !needs.some((one) => one.pool === need.pool && one.kind === kind && blocked(one)),
    );
  }
}
