import type { Stage, StageName } from "../../planner/cold-start-node";
import type { ModelConfig, StackConfig } from "../../stacks/config";
import { expectationOf } from "../../stacks/expectations";

/*
 * How long what is simulated takes: the planner's cold start, divided by the speed of the rehearsal. What runs for real
 * (KEDA, the scheduler, Karpenter, the router) takes the time it takes.
 */

const BOOT: readonly StageName[] = ["boot"];
const DEVICE: readonly StageName[] = ["device plugin"];
const PULL: readonly StageName[] = ["image", "container"];
/** Karpenter's own decision, which is real here. */
const REAL: readonly StageName[] = ["decision"];

/** Milliseconds of each simulated part of a cold start. */
export interface Delays {
  readonly bootMs: number;
  readonly deviceMs: number;
  readonly pullMs: number;
  readonly loadMs: number;
}

/** A model that the planner does not know, or a node of somebody else: a usual cold start. */
const USUAL: Delays = { bootMs: 55_000, deviceMs: 15_000, pullMs: 90_000, loadMs: 180_000 };

export function delaysOf(stages: readonly Stage[]): Delays {
  const sum = (names: readonly StageName[]) =>
    stages.reduce((total, { name, seconds }) => total + (names.includes(name) ? seconds * 1000 : 0), 0);
  const whole = stages.reduce((total, { seconds }) => total + seconds * 1000, 0);
  const [bootMs, deviceMs, pullMs] = [sum(BOOT), sum(DEVICE), sum(PULL)];
  return { bootMs, deviceMs, pullMs, loadMs: whole - bootMs - deviceMs - pullMs - sum(REAL) };
}

/** The planner's delays of a model on one of its pools, before any compression. */
export function plannedDelays(name: string, model: ModelConfig, pool: string, config: StackConfig): Delays {
  const found = expectationOf(name, model, config)?.pools.find((one) => one.pool === pool);
  const stages = found?.performance?.node?.coldStart.stages;
  return stages === undefined ? USUAL : delaysOf(stages);
}

export const compressed = ({ bootMs, deviceMs, pullMs, loadMs }: Delays, speed: number): Delays => ({
  bootMs: bootMs / speed,
  deviceMs: deviceMs / speed,
  pullMs: pullMs / speed,
  loadMs: loadMs / speed,
});
