import { ageSeconds, type Instance, usdOf } from "./instances";
import { dollars } from "./messages-text";
import type { GuardSettings } from "./settings";
import type { GuardState } from "./state";
import { CHECK_MINUTES, secondsUntil } from "./times";

/*
 * Whether what runs costs too much. Pure.
 */

/** Past it once is a warning: a node that is replaced runs beside the new one for some minutes. */
export type Spending = { readonly is: "within" } | { readonly is: "past" | "too long"; readonly detail: string };

/** Sums of prices are not exact: a stack at its limit is not above it. */
const CENT_OF_A_CENT = 1e-4;
/** Times the limit from which nobody waits for a second check. */
const FAR = 2;
/** Seconds, less than between two checks: one call may come twice, and one by hand may come between. */
const SECOND_CHECK = (CHECK_MINUTES - 1) * 60;

/**
 * @param remembers false where the state cannot be read or written. Then the instances tell what the check before saw: those
 *   that were there already.
 */
export function spendingOf(
  instances: readonly Instance[],
  { pastLimitSince }: GuardState,
  { limitUsdPerHour, prices }: GuardSettings,
  now: Date,
  remembers: boolean,
): Spending {
  const usd = usdOf(instances, prices);
  const isPast = (sum: number, times = 1) => sum > limitUsdPerHour * times + CENT_OF_A_CENT;
  if (!isPast(usd)) return { is: "within" };
  const there = instances.filter((instance) => ageSeconds(instance, now) >= SECOND_CHECK);
  const tooLong =
    isPast(usd, FAR) ||
    secondsUntil(pastLimitSince, now) <= -SECOND_CHECK ||
    (!remembers && isPast(usdOf(there, prices)));
  const detail = `Running GPU instances cost ${dollars(usd)} an hour; the limit (spend.limit) is ${dollars(limitUsdPerHour)}.`;
  return { is: tooLong ? "too long" : "past", detail };
}
