import type { Instance } from "./instances";
import type { GuardState } from "./state";
import { dayAfter, lastDay, withinDay } from "./times";

/*
 * Pools whose idle nodes keep coming back. To end them a fourth time would change nothing, and could hit what is needed:
 * such a pool rests for a day, and somebody is told. Pure.
 */

/** Idle ends of a pool within a day after which it rests: the first, and two of what came back. */
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
  now: Date,
): { readonly notice: "idle-rests"; readonly pool: string; readonly since: string; readonly until: string }[] =>
  Object.keys(state.idleEnds ?? {}).flatMap((pool) => {
    const since = restsSince(pool, state, now);
    return since === undefined || state.idleRestTold?.[pool] === since
      ? []
      : [{ notice: "idle-rests", pool, since, until: dayAfter(since) } as const];
  });

/**
 * One check counts once for a pool, however many of its nodes were idle, and only if one of them came back: nodes that were
 * there before the last end and fall idle one after another are asked for by nobody.
 */
export function withIdleEnd(state: GuardState, pool: string, ended: readonly Instance[], now: Date): GuardState {
  const times = lastDay(state.idleEnds?.[pool], now);
  const before = times.at(-1);
  const isReturn = before === undefined || ended.some(({ launched }) => launched.getTime() > Date.parse(before));
  if (!isReturn) return state;
  return { ...state, idleEnds: { ...state.idleEnds, [pool]: [...times, now.toISOString()].slice(-RETURNS) } };
}

/** Without the ends of more than a day ago, which say nothing any more: a pool that is gone must not be kept for ever. */
export function withoutOldEnds({ idleEnds, idleRestTold, ...rest }: GuardState, now: Date): GuardState {
  const ends = Object.entries(idleEnds ?? {}).map(([pool, times]) => [pool, lastDay(times, now)] as const);
  const recent = ends.filter(([, times]) => times.length > 0);
  const told = Object.entries(idleRestTold ?? {}).filter(([, time]) => withinDay(time, now));
  return {
    ...rest,
    ...(recent.length === 0 ? {} : { idleEnds: Object.fromEntries(recent) }),
    ...(told.length === 0 ? {} : { idleRestTold: Object.fromEntries(told) }),
  };
}
