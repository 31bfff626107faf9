import { type Instance, usdOf } from "./instances";
import { dollars } from "./messages-text";
import type { GuardSettings } from "./settings";
import type { GuardState } from "./state";
import { secondsUntil } from "./times";

/*
 * Whether what runs costs too much. Pure.
 */

/** Past it once is a warning: a node that is replaced runs beside the new one for some minutes. */
export type Spending = { readonly is: "within" } | { readonly is: "past" | "too long"; readonly detail: string };

/** Sums of prices are not exact: a stack at its limit is not above it. */
const CENT_OF_A_CENT = 1e-4;
/** Times the limit from which nobody waits for a second check. */
const FAR = 2;
/** Seconds, less than between two checks: a check that failed is started again after a minute, and is no second one. */
const SECOND_CHECK = 240;

/** @param remembers false where the state cannot be read or written: then no second check would know of the first. */
export function spendingOf(
  instances: readonly Instance[],
  { pastLimitSince }: GuardState,
  { limitUsdPerHour, prices }: GuardSettings,
  now: Date,
  remembers: boolean,
): Spending {
  const usd = usdOf(instances, prices);
  if (usd <= limitUsdPerHour + CENT_OF_A_CENT) return { is: "within" };
  const tooLong =
    !remembers || usd > limitUsdPerHour * FAR + CENT_OF_A_CENT || secondsUntil(pastLimitSince, now) <= -SECOND_CHECK;
  const detail = `Running GPU instances cost ${dollars(usd)} an hour; the limit (spend.limit) is ${dollars(limitUsdPerHour)}.`;
  return { is: tooLong ? "too long" : "past", detail };
}
