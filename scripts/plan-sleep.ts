import {
  compareModes,
  type DailyRequests,
  type DayOfOneReplica,
  type RequestTrace,
  usdPerAvoidedColdStart,
} from "../planner/break-even-sleep";
import { INSTANCES } from "../planner/instances";
import type { ModelExpectation, PoolExpectation } from "../planner/plan-stack";
import type { StackConfig } from "../stacks/config";
import { isEksPool } from "../stacks/pools";
import { columns, replica, short } from "./plan-table";

/*
 * What a plan says of sleeping: what a day of a model's requests costs asleep between them, awake for their hours, and awake
 * always.
 */

/** One model on the first of its pools, which requests try first. */
export interface SleepPlan extends DailyRequests {
  readonly model: string;
  readonly pool: string;
  readonly replica: string;
  /** Of its node, which it has for itself. */
  readonly instanceType: string;
  /** Cheapest first. */
  readonly days: readonly DayOfOneReplica[];
  /** Dollars for each cold start that a floor in the active hours spares. Absent where it spares none. */
  readonly usdPerSparedColdStart?: number;
}

/** Wake-ups a day: fewer are shown as none. */
const LEAST_SPARED = 0.05;

/** Nothing for a pool without sleep: a steady one, the user's own, one whose price is not known or on which nothing fits. */
function sleepOn(
  { model }: ModelExpectation,
  on: PoolExpectation,
  config: StackConfig,
  daily: DailyRequests,
  outputTokens: number,
): SleepPlan[] {
  const pool = config.gpuPools[on.pool];
  const settings = config.models[model];
  const { performance } = on;
  const { node } = performance ?? {};
  if (pool === undefined || settings === undefined || performance === undefined || node?.usdPerHour === undefined)
    return [];
  if (!isEksPool(pool) || pool.maxGpus === 0) return [];
  const trace: RequestTrace = {
    ...daily,
    coldStartSeconds: node.coldStart.totalSeconds,
    idleAfterSeconds: settings.idleAfter,
    emptyForSeconds: pool.emptyFor,
    requestSeconds: performance.firstTokenSeconds + (outputTokens - 1) * performance.tokenSeconds,
  };
  // A replica that is alone pays for all of its node, not for its share.
  const replicasPerNode = Math.floor((INSTANCES[node.instanceType]?.gpus ?? 1) / on.gpusPerReplica);
  const days = compareModes(trace, node.usdPerHour * replicasPerNode);
  const day = (mode: DayOfOneReplica["mode"]) => days.find((one) => one.mode === mode);
  const [asleep, awake] = [day("scale-to-zero"), day("schedule")];
  // A price for each of almost none would say nothing.
  const spared = (asleep?.coldStarts ?? 0) - (awake?.coldStarts ?? 0);
  const usdPerSparedColdStart =
    asleep && awake && spared >= LEAST_SPARED ? usdPerAvoidedColdStart(asleep, awake) : undefined;
  return [
    {
      model,
      pool: on.pool,
      replica: replica(on),
      instanceType: node.instanceType,
      ...daily,
      days,
      ...(usdPerSparedColdStart === undefined ? {} : { usdPerSparedColdStart }),
    },
  ];
}

export const sleepPlans = (
  models: readonly ModelExpectation[],
  config: StackConfig,
  daily: DailyRequests,
  outputTokens: number,
): SleepPlan[] =>
  models.flatMap((model) =>
    model.pools.slice(0, 1).flatMap((pool) => sleepOn(model, pool, config, daily, outputTokens)),
  );

const MODES: Readonly<Record<DayOfOneReplica["mode"], (hours: number) => string>> = {
  "scale-to-zero": () => "asleep between requests",
  schedule: (hours) => `awake for the ${hours} h (models.NAME.schedule)`,
  "always-on": () => "always awake (replicas.min: 1)",
};

/** In dollars: less is not shown. */
const CENT = 0.01;

function sleepLines(plan: SleepPlan): string[] {
  const { model, pool, requestsPerDay, activeHours, days, usdPerSparedColdStart } = plan;
  const rows = days.map(({ mode, nodeHours, usd, coldStarts, heldRequests }) => [
    `  ${MODES[mode](activeHours)}`,
    nodeHours.toFixed(1),
    usd.toFixed(2),
    coldStarts.toFixed(1),
    heldRequests.toFixed(1),
  ]);
  const header = ["  a day", "node hours", "USD", "wake-ups", "requests held"];
  return [
    "",
    `Sleep of ${model} on ${plan.replica} (pool ${pool}): one replica, alone on a ${plan.instanceType}, ${requestsPerDay} requests a day, at random within ${activeHours} h`,
    ...columns([header, ...rows], 1),
    ...(usdPerSparedColdStart === undefined || usdPerSparedColdStart < CENT / 2
      ? []
      : [
          `  Awake for the ${activeHours} h costs ${short(usdPerSparedColdStart)} USD for each wake-up that it spares.`,
        ]),
  ];
}

/** Nothing where it was not asked for. */
export function sleepText(plans: readonly SleepPlan[] | undefined): string[] {
  if (plans === undefined) return [];
  if (plans.length === 0)
    return ["", "Sleep: no model tries first an elastic pool of the kit's on which it fits, at a price that is known."];
  return plans.flatMap(sleepLines);
}
