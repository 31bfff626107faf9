import { holdFaults } from "../planner/hold";
import type { EksPoolConfig, ModelConfig, StackConfig } from "./config";
import { chainOf, holdRequestOf } from "./expectations";
import { poolsOf } from "./pools";

/*
 * After how long the spend guard may take a GPU node for one that nobody uses. All in seconds. Pure.
 */

type Settings = Pick<StackConfig, "gpuPools" | "models" | "drivers">;
type Spend = Pick<StackConfig["spend"], "lease" | "idleNode" | "unseenNode">;

/** The least default: Karpenter has had its time long before, so what is left is a fault of the cluster's. */
const IDLE_SECONDS = 2 * 3600;
/** Without the metric nobody knows whether a node works, so it has longer. */
const UNSEEN_SECONDS = 12 * 3600;
/** For KEDA's and Karpenter's own steps, and a launch that has to be tried again. */
const MARGIN_SECONDS = 900;

const modelsOn = (pool: string, { models, gpuPools }: Omit<Settings, "drivers">): [string, ModelConfig][] =>
  Object.entries(models).filter(([, model]) => poolsOf(model, gpuPools).some(([name]) => name === pool));

/** The setting by which replicas that nobody asks for may be kept on the pool's nodes: then their idleness says nothing. */
export function floorOf(pool: string, settings: Omit<Settings, "drivers">): "replicas.min" | "schedule" | undefined {
  const models = modelsOn(pool, settings).map(([, model]) => model);
  if (models.some(({ replicas }) => replicas.min > 0)) return "replicas.min";
  return models.some(({ schedule }) => schedule.length > 0) ? "schedule" : undefined;
}

export const holdsFloor = (pool: string, settings: Omit<Settings, "drivers">): boolean =>
  floorOf(pool, settings) !== undefined;

/** Whether every model's hold is one that can be kept; without, no time can be reckoned from it. */
export const areHeld = (settings: Settings): boolean =>
  Object.entries(settings.models).every(
    ([name, model]) => holdFaults(holdRequestOf(name, model, settings)).length === 0,
  );

/** How long a node may show no use while everything works as it is set, and of what that is the sum. */
export interface Quiet {
  /** The longest of the models that may land on the pool. */
  readonly idleAfter: number;
  readonly emptyFor: number;
  /** The longest of these models: a node is launched, and an engine loaded on it, before its GPUs do anything. */
  readonly hold: number;
  readonly margin: number;
  readonly sum: number;
}

/** Of a pool whose models have holds that can be kept. */
export function quietOf(name: string, { emptyFor }: EksPoolConfig, settings: Settings): Quiet {
  const models = modelsOn(name, settings);
  const idleAfter = Math.max(0, ...models.map(([, model]) => model.idleAfter));
  const hold = Math.max(0, ...models.map(([model, set]) => chainOf(model, set, settings).holdSeconds));
  return { idleAfter, emptyFor, hold, margin: MARGIN_SECONDS, sum: idleAfter + emptyFor + hold + MARGIN_SECONDS };
}

/** The guard's times for the nodes of a pool; none where a floor of replicas keeps them up. */
export function idleTimes(
  name: string,
  pool: EksPoolConfig,
  settings: Settings & { readonly spend: Spend },
): { idleSeconds?: number; unseenSeconds?: number } {
  if (holdsFloor(name, settings)) return {};
  const { lease, idleNode, unseenNode } = settings.spend;
  const idleSeconds = idleNode ?? Math.max(IDLE_SECONDS, quietOf(name, pool, settings).sum);
  // By its age alone a node in use may go, too: without being asked, only in a stack that has an end anyway.
  const byDefault = lease === undefined ? undefined : Math.max(UNSEEN_SECONDS, idleSeconds);
  const unseenSeconds = unseenNode ?? byDefault;
  return unseenSeconds === undefined ? { idleSeconds } : { idleSeconds, unseenSeconds };
}
