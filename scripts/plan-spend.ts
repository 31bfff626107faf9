import type { StackConfig } from "../stacks/config";
import { showDuration } from "../stacks/durations";
import { isEksPool } from "../stacks/pools";
import { limitUsdPerHour, spendRulesOf } from "../stacks/spend";
import { floorOf } from "../stacks/spend-idle";

/*
 * What a plan says of the spend guard: when it ends what, and whom it tells.
 */

/** After how long the guard ends a pool's nodes, in seconds, or why it does not. */
export interface PoolEnds {
  /** Absent where no node of the pool is ended as idle. */
  readonly idleSeconds?: number;
  /** Absent where no node is ended for its age. */
  readonly unseenSeconds?: number;
  /** The setting because of which none is. */
  readonly never?: string;
}

export interface SpendPlan {
  readonly limitUsdPerHour: number;
  /** Whether the limit is the kit's, not `spend.limit`. */
  readonly limitIsDefault: boolean;
  readonly leaseSeconds?: number;
  readonly pools: Readonly<Record<string, PoolEnds>>;
  readonly monthlyBudgetUsd?: number;
  readonly emails: readonly string[];
}

/** The setting that keeps nodes of a pool up on purpose, so that the guard ends none of them as idle. */
function keeperOf(name: string, config: StackConfig): string | undefined {
  const pool = config.gpuPools[name];
  const steady = pool !== undefined && isEksPool(pool) && pool.maxGpus === 0 ? "steadyNodes" : undefined;
  return floorOf(name, config) ?? steady;
}

/** Nothing on an adopted cluster, which has no guard. */
export function spendPlan(config: StackConfig): SpendPlan | undefined {
  if ("adopt" in config.cluster) return undefined;
  const { limit, lease, monthlyBudget, emails } = config.spend;
  const ends = Object.entries(spendRulesOf(config).pools).map(([name, times]): [string, PoolEnds] => {
    const never = keeperOf(name, config);
    return [name, never === undefined ? times : { never }];
  });
  return {
    limitUsdPerHour: limitUsdPerHour(config),
    limitIsDefault: limit === undefined,
    ...(lease === undefined ? {} : { leaseSeconds: lease }),
    pools: Object.fromEntries(ends),
    ...(monthlyBudget === undefined ? {} : { monthlyBudgetUsd: monthlyBudget }),
    emails,
  };
}

const usd = (dollars: number) => `$${dollars.toFixed(2)}`;

function endsText({ idleSeconds, unseenSeconds, never }: PoolEnds): string {
  if (idleSeconds === undefined) return `no idle end (${never})`;
  const unseen = unseenSeconds === undefined ? "never" : `after ${showDuration(unseenSeconds)}`;
  return `idle nodes after ${showDuration(idleSeconds)}, unseen ${unseen}`;
}

/** One line, and one for each pool where they differ. */
export function spendLines(spend: SpendPlan | undefined): string[] {
  if (spend === undefined) return [];
  const { leaseSeconds, monthlyBudgetUsd, emails } = spend;
  const pools = Object.entries(spend.pools).map(([name, ends]) => [name, endsText(ends)] as const);
  const [common, ...others] = new Set(pools.map(([, text]) => text));
  const alike = common !== undefined && others.length === 0;
  const limit = `GPUs off past ${usd(spend.limitUsdPerHour)} an hour`;
  const parts = [
    `${limit} (${spend.limitIsDefault ? "default, by the dearest types; " : ""}spend.limit)`,
    leaseSeconds === undefined ? "no lease (spend.lease)" : `lease ${showDuration(leaseSeconds)}`,
    ...(alike ? [common] : []),
  ];
  const told = [
    ...(monthlyBudgetUsd === undefined ? [] : [`AWS Budgets tells of ${usd(monthlyBudgetUsd)} a month`]),
    `mails: ${emails.length === 0 ? "nobody (spend.emails)" : emails.join(", ")}`,
  ];
  return [
    "",
    `Spend guard: ${[parts.join(", "), ...told].join("; ")}`,
    ...(alike ? [] : pools.map(([name, text]) => `  pool ${name}: ${text}`)),
  ];
}
