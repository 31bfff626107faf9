import type { SpendRules } from "../components/spend-guard";
import { listPrice } from "../planner/prices";
import type { EksPoolConfig, ModelConfig, StackConfig } from "./config";
import { isEksPool, poolSpec, poolsOf } from "./pools";

/*
 * What a stack file says of spending, in the guard's words. Prices are on demand, in US dollars an hour. Pure.
 */

type Settings = Pick<StackConfig, "gpuPools" | "models" | "spend">;
type Pools = Pick<StackConfig, "gpuPools">;

const eksPools = ({ gpuPools }: Pools): [string, EksPoolConfig][] =>
  Object.entries(gpuPools).flatMap(([name, pool]) => (isEksPool(pool) ? [[name, pool]] : []));

/** List prices by type, of those of a pool's types that have one. */
function pricesOf(name: string, pool: EksPoolConfig): Record<string, number> {
  const known = poolSpec(name, pool).instanceTypes.flatMap((type) => {
    const price = listPrice(type);
    return price === undefined ? [] : [[type, price.usd] as const];
  });
  return Object.fromEntries(known);
}

/** Whether the kit can tell what the stack's GPU nodes cost: it knows a price of each pool. */
export const isPriced = (settings: Pools): boolean =>
  eksPools(settings).every(([name, pool]) => Object.keys(pricesOf(name, pool)).length > 0);

/**
 * The most that the pools may start, by the types' dearest: what Karpenter takes where the smaller ones are sold out, which
 * on spot is often, must not switch a stack off that is within its settings. Whole dollars.
 */
function mostUsdPerHour(settings: Pools): number {
  const sum = eksPools(settings).reduce((usd, [name, pool]) => {
    // Each step of the capacity order has the pool's limit for itself.
    const elastic = pool.capacity.length * Math.floor(pool.maxGpus / pool.gpusPerNode);
    return usd + (pool.steadyNodes + elastic) * Math.max(...Object.values(pricesOf(name, pool)));
  }, 0);
  return Math.ceil(sum);
}

/** Past which GPU capacity is switched off. */
export const limitUsdPerHour = (settings: Pick<Settings, "gpuPools" | "spend">): number =>
  settings.spend.limit ?? mostUsdPerHour(settings);

/** What nodes cost while these replicas of each model are up and nothing else is, at the least. */
function upUsdPerHour(settings: Omit<Settings, "spend">, replicasOf: (model: ModelConfig) => number): number {
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
export function floorUsdPerHour(settings: Omit<Settings, "spend">): number {
  const always = (model: ModelConfig) => model.replicas.min;
  const scheduled = Object.values(settings.models).flatMap((model) =>
    model.schedule.map(({ replicas }) =>
      upUsdPerHour(settings, (other) => (other === model ? Math.max(replicas, always(model)) : always(other))),
    ),
  );
  return Math.max(upUsdPerHour(settings, always), ...scheduled);
}

/** Whether replicas that nobody asks for may be kept on the pool's nodes. */
const holdsFloor = (name: string, { models, gpuPools }: Settings): boolean =>
  Object.values(models).some(
    (model) =>
      (model.replicas.min > 0 || model.schedule.length > 0) &&
      poolsOf(model, gpuPools).some(([candidate]) => candidate === name),
  );

export function spendRulesOf(settings: Settings): SpendRules {
  const { lease, idleNode, unseenNode } = settings.spend;
  const pools = eksPools(settings);
  return {
    leaseSeconds: lease,
    limitUsdPerHour: limitUsdPerHour(settings),
    prices: Object.assign({}, ...pools.map(([name, pool]) => pricesOf(name, pool))),
    pools: Object.fromEntries(
      pools.map(([name]) => [
        name,
        holdsFloor(name, settings) ? {} : { idleSeconds: idleNode, unseenSeconds: unseenNode },
      ]),
    ),
  };
}

/** The guard's limits, as the stack puts them out; nothing on a cluster that is the user's own. */
export function spendOf(config: StackConfig) {
  if ("adopt" in config.cluster) return undefined;
  return { limitUsdPerHour: limitUsdPerHour(config), leaseSeconds: config.spend.lease };
}
