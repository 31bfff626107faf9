import type { Sample } from "./record";

/*
 * What GPU nodes cost while somebody looked. On-demand list prices, which is the most that the same nodes can cost.
 */

export interface Spending {
  /** US dollars that the nodes cost. */
  readonly spentUsd: number;
  /** US dollars an hour at the dearest moment. */
  readonly mostUsdPerHour: number;
  /** US dollars that they would have cost, had those of the dearest moment stayed until the end. */
  readonly heldUsd: number;
}

/**
 * Adds up samples: each counts until the next.
 * @param from @param to seconds, as the samples have them.
 */
export function spending(samples: readonly Sample[], from: number, to: number): Spending {
  const seen = samples.filter(({ at }) => at >= from && at <= to);
  const lasts = (index: number) => ((seen[index + 1]?.at ?? to) - (seen[index]?.at ?? to)) / 3600;
  const spentUsd = seen.reduce((sum, { usdPerHour }, index) => sum + usdPerHour * lasts(index), 0);
  const mostUsdPerHour = Math.max(0, ...seen.map(({ usdPerHour }) => usdPerHour));
  const dearest = seen.findIndex(({ usdPerHour }) => usdPerHour === mostUsdPerHour);
  const before = seen.slice(0, dearest).reduce((sum, { usdPerHour }, index) => sum + usdPerHour * lasts(index), 0);
  const heldUsd = dearest < 0 ? 0 : before + (mostUsdPerHour * (to - (seen[dearest]?.at ?? to))) / 3600;
  return { spentUsd, mostUsdPerHour, heldUsd };
}
