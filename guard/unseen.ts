import type { Use } from "./idle";
import { ageSeconds, type Instance } from "./instances";
import { ruleOf } from "./rules";
import type { GuardSettings } from "./settings";
import type { GuardState } from "./state";
import { HOUR, secondsUntil, withinDay } from "./times";

/*
 * Instances of whose use nothing is known. What publishes it may be broken while they serve, so a person hears of it first,
 * has time to mend it, and then they go one by one. Pure.
 */

/** Seconds from the notice to the first end. */
const GRACE = 2 * HOUR;
/** Instances that wait for their end: the state is short, and one goes at a check. Others follow as these go. */
const WAITING = 16;

/** The state, without those that are gone or seen again, and with those that a notice of the last day stands for. */
export function withUnseen(
  state: GuardState,
  instances: readonly Instance[] | undefined,
  use: Readonly<Record<string, Use>>,
  unseen: readonly Instance[],
  settings: GuardSettings,
  now: Date,
): GuardState {
  if (instances === undefined) return state;
  const { unseenSince = {}, unseenTold, ...rest } = state;
  const present = new Set(instances.map(({ id }) => id));
  const ids = new Set(unseen.map(({ id }) => id));
  // Of an instance whose metric could not be read nothing new is known.
  const kept = Object.entries(unseenSince)
    .filter(([id]) => present.has(id) && (ids.has(id) || use[id] === undefined))
    .slice(0, WAITING);
  // Once the use of others is seen, it works again: the next time that it does not is worth a notice of its own.
  const works = kept.length === 0 && ids.size === 0 && Object.values(use).some(({ points }) => points > 0);
  const told = works ? undefined : unseenTold;
  const since = Object.fromEntries(kept);
  const next: GuardState = {
    ...rest,
    ...(kept.length === 0 ? {} : { unseenSince: since }),
    ...(told === undefined ? {} : { unseenTold: told }),
  };
  return withinDay(told, now) ? noted(next, unseen, settings, now) : next;
}

/** The state, with those that somebody was told of now. */
export const toldUnseen = (
  state: GuardState,
  unseen: readonly Instance[],
  settings: GuardSettings,
  now: Date,
): GuardState => ({
  ...noted(state, unseen, settings, now),
  unseenTold: now.toISOString(),
});

function noted(state: GuardState, unseen: readonly Instance[], settings: GuardSettings, now: Date): GuardState {
  const { unseenSince = {} } = state;
  const more = oldestFirst(unseen)
    .filter((one) => unseenSince[one.id] === undefined && Number.isFinite(unseenSecondsOf(one, settings)))
    .slice(0, Math.max(0, WAITING - Object.keys(unseenSince).length));
  if (more.length === 0) return state;
  const added = Object.fromEntries(more.map(({ id }) => [id, now.toISOString()]));
  return { ...state, unseenSince: { ...unseenSince, ...added } };
}

const oldestFirst = (instances: readonly Instance[]): Instance[] =>
  [...instances].sort((a, b) => a.launched.getTime() - b.launched.getTime());

/** Those of which one may be terminated now. The next check looks again, and whoever mends the metric saves the others. */
export const unseenEnds = (
  unseen: readonly Instance[],
  { unseenSince }: GuardState,
  settings: GuardSettings,
  now: Date,
): Instance[] =>
  oldestFirst(unseen).filter(
    (instance) =>
      secondsUntil(unseenSince?.[instance.id], now) <= -GRACE &&
      ageSeconds(instance, now) > unseenSecondsOf(instance, settings),
  );

/** When the first of them may be terminated, if nothing is mended: ISO 8601; undefined where none ever is. */
export function firstEnd(
  unseen: readonly Instance[],
  state: GuardState,
  settings: GuardSettings,
  now: Date,
): string | undefined {
  const ends = unseen.map((instance) => {
    const told = Date.parse(state.unseenSince?.[instance.id] ?? now.toISOString());
    return Math.max(told + GRACE * 1000, instance.launched.getTime() + unseenSecondsOf(instance, settings) * 1000);
  });
  const first = Math.min(...ends);
  return Number.isFinite(first) ? new Date(Math.max(now.getTime(), first)).toISOString() : undefined;
}

const unseenSecondsOf = (instance: Instance, settings: GuardSettings): number =>
  ruleOf(instance, settings).unseenSeconds ?? Number.POSITIVE_INFINITY;
