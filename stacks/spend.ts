import type { SpendRules } from "../components/spend-guard";
import { listPrice } from "../planner/prices";
import type { EksPoolConfig, ModelConfig, StackConfig } from "./config";
import { isEksPool, poolSpec, poolsOf } from "./pools";
import { idleTimes } from "./spend-idle";

/*
 * What a stack file says of spending, in the guard's words. Prices are on demand, in US dollars an hour. Pure.
 */

type Settings = Pick<StackConfig, "gpuPools" | "models" | "drivers" | "spend">;
type Pools = Pick<StackConfig, "gpuPools">;

export const eksPools = ({ gpuPools }: Pools): [string, EksPoolConfig][] =>
  Object.entries(gpuPools).flatMap(([name, pool]) => (isEksPool(pool) ? [[name, pool]] : []));

/**
 * List prices of a pool's types. One that has none counts as the pool's dearest; in a pool that has no price at all, nothing
 * has one, and the rules refuse it.
 */
function pricesOf(name: string, pool: EksPoolConfig): Record<string, number> {
  const types = poolSpec(name, pool).instanceTypes;
  const listed = types.flatMap((type) => listPrice(type)?.usd ?? []);
  if (listed.length === 0) return {};
  return Object.fromEntries(types.map((type) => [type, listPrice(type)?.usd ?? Math.max(...listed)]));
}

/** Whether the kit can tell what the pool's nodes cost. */
export const isPriced = (name: string, pool: EksPoolConfig): boolean => Object.keys(pricesOf(name, pool)).length > 0;

/**
 * The most that the pools may start, by the types' dearest: what Karpenter takes where the smaller ones are sold out, which
 * on spot is often, must not switch a stack off that is within its settings. Whole dollars.
 */
function mostUsdPerHour(settings: Pools): number {
  const sum = eksPools(settings).reduce((usd, [name, pool]) => {
    // Each step of the capacity order is a NodePool that has the pool's limit for itself. Karpenter does not count a node that
    // drains, so one that takes its place may run beside it.
    const nodes = pool.maxGpus === 0 ? 0 : Math.floor(pool.maxGpus / pool.gpusPerNode) + 1;
    const elastic = pool.capacity.length * nodes;
    // A group that a changed setting replaces stands until the new one is up; a capacity block has no room for two.
    const steady = pool.steadyNodes * (pool.capacityBlock === undefined ? 2 : 1);
    return usd + (steady + elastic) * Math.max(...Object.values(pricesOf(name, pool)));
  }, 0);
  return Math.ceil(sum);
}

/** Past which GPU capacity is switched off. */
export const limitUsdPerHour = (settings: Pick<Settings, "gpuPools" | "spend">): number =>
  settings.spend.limit ?? mostUsdPerHour(settings);

/** What nodes cost while these replicas of each model are up and nothing else is, at the least. */
function upUsdPerHour(
  settings: Pick<Settings, "gpuPools" | "models">,
  replicasOf: (model: ModelConfig) => number,
): number {
  const models = Object.values(settings.models);
  return eksPools(settings).reduce((usd, [name, pool]) => {
    const gpus = models
      // As the planner has it: floors fall on the first pool that a model tries.
      .filter((model) => poolsOf(model, settings.gpuPools)[0]?.[0] === name)
      .reduce((sum, model) => sum + replicasOf(model) * model.gpusPerReplica, 0);
    const nodes = Math.max(pool.steadyNodes, Math.ceil(gpus / pool.gpusPerNode));
    return usd + nodes * Math.min(...Object.values(pricesOf(name, pool)));
  }, 0);
}

/**
 * The least that the stack costs at the dearest of its hours without a request: its steady nodes, the replicas that always
 * run, and one schedule's. Those of several models may be at other hours, and are not added up.
 */
export function floorUsdPerHour(settings: Pick<Settings, "gpuPools" | "models">): number {
  const always = (model: ModelConfig) => model.replicas.min;
  const scheduled = Object.values(settings.models).flatMap((model) =>
    model.schedule.map(({ replicas }) =>
      upUsdPerHour(settings, (other) => (other === model ? Math.max(replicas, always(model)) : always(other))),
    ),
  );
  return Math.max(upUsdPerHour(settings, always), ...scheduled);
}

/** The most that one replica of a model costs on its cheapest node, beside what always runs: below that it cannot be woken. */
export function wakingUsdPerHour(settings: Pick<Settings, "gpuPools" | "models">): number {
  const always = (model: ModelConfig) => model.replicas.min;
  const models = Object.values(settings.models);
  const sums = models.map((model) =>
    upUsdPerHour(settings, (other) => (other === model ? Math.max(1, always(other)) : always(other))),
  );
  return Math.max(0, ...sums);
}

export function spendRulesOf(settings: Settings): SpendRules {
  const pools = eksPools(settings);
  return {
    leaseSeconds: settings.spend.lease,
    limitUsdPerHour: limitUsdPerHour(settings),
    prices: Object.assign({}, ...pools.map(([name, pool]) => pricesOf(name, pool))),
    pools: Object.fromEntries(pools.map(([name, pool]) => [name, idleTimes(name, pool, settings)])),
  };
}

/** The guard's limits, as the stack puts them out; nothing on a cluster that is the user's own. */
export function spendOf(config: StackConfig) {
  if ("adopt" in config.cluster) return undefined;
  return { limitUsdPerHour: limitUsdPerHour(config), leaseSeconds: config.spend.lease };
}
