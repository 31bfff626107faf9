import type { GuardSettings } from "./settings";
import type { GuardState } from "./state";
import { dayAfter, lastDay, withinDay } from "./times";

/*
 * Pools whose idle nodes keep coming back. To end them a fourth time would change nothing, and could hit what is needed:
 * such a pool rests for a day, and somebody is told. Pure.
 */

/** Idle ends of a pool within a day after which it rests. */
export const RETURNS = 3;

/** @returns the idle end since which the pool rests; undefined where it does not rest. */
function restsSince(pool: string, { idleEnds }: GuardState, now: Date): string | undefined {
  const times = idleEnds?.[pool] ?? [];
  const last = times.at(-1);
  return times.length >= RETURNS && withinDay(last, now) ? last : undefined;
}

export const rests = (pool: string, state: GuardState, now: Date): boolean =>
  restsSince(pool, state, now) !== undefined;

/** Notices of the pools that rest and of which nobody was told yet. */
export const untoldRests = (
  state: GuardState,
  { pools }: GuardSettings,
  now: Date,
): { readonly notice: "idle-rests"; readonly pool: string; readonly since: string; readonly until: string }[] =>
  Object.keys(pools).flatMap((pool) => {
    const since = restsSince(pool, state, now);
    return since === undefined || state.idleRestTold?.[pool] === since
      ? []
      : [{ notice: "idle-rests", pool, since, until: dayAfter(since) } as const];
  });

/** One check counts once for a pool, however many of its nodes were idle. */
export const withIdleEnd = (state: GuardState, pool: string, now: Date): GuardState => ({
  ...state,
  idleEnds: { ...state.idleEnds, [pool]: [...lastDay(state.idleEnds?.[pool], now), now.toISOString()] },
});
