import { type Judged, judge, type Use } from "./idle";
import { type Instance, isOwnGpu, poolOf } from "./instances";
import { type Spending, spendingOf } from "./limit";
import { rests, untoldRests, withoutOldEnds } from "./returning";
import type { GuardSettings } from "./settings";
import type { GuardState, Off, Size } from "./state";
import { after, HOUR, secondsUntil, withinDay } from "./times";
import { firstEnd, unseenEnds, withUnseen } from "./unseen";

/*
 * What a check does, from what is there, what is remembered and what is set. Pure.
 */

export interface Facts {
  /** Pending and running GPU instances; undefined where they could not be read. */
  readonly instances?: readonly Instance[];
  /** Sizes of the steady pools' node groups; those that could not be read, or are no more, are missing. */
  readonly groups: Readonly<Record<string, Size>>;
  /** Use by instance id. */
  readonly use: Readonly<Record<string, Use>>;
}

/** One step. They are taken in order, and one that fails stops no other. */
export type Act =
  | { readonly act: "deny"; readonly role: string }
  | { readonly act: "allow"; readonly role: string }
  | { readonly act: "size"; readonly group: string; readonly size: Size }
  | {
      readonly act: "terminate";
      readonly ids: readonly string[];
      readonly why: Why;
      /** Only the first of them that can be terminated. */
      readonly one?: true;
    };
export type Why = "off" | "idle" | "unseen";

export type Notice =
  | { readonly notice: "off"; readonly off: Off }
  | { readonly notice: "left"; readonly instances: readonly Instance[] }
  | { readonly notice: "past-limit"; readonly detail: string }
  | { readonly notice: "ended"; readonly why: "idle" | "unseen"; readonly instances: readonly Instance[] }
  | { readonly notice: "stayed"; readonly instances: readonly Instance[] }
  | { readonly notice: "idle-rests"; readonly pool: string; readonly since: string; readonly until: string }
  | { readonly notice: "unseen"; readonly instances: readonly Instance[]; readonly endsFrom?: string }
  | { readonly notice: "steady-idle"; readonly instances: readonly Instance[] }
  | { readonly notice: "orphans"; readonly instances: readonly Instance[] }
  | { readonly notice: "lease-warning"; readonly leaseUntil: string }
  | { readonly notice: "state-lost"; readonly faults: readonly string[] };

export interface Decision {
  /** To be saved before the first step. */
  readonly state: GuardState;
  readonly acts: readonly Act[];
  /** To be sent before anything is terminated; outcome.ts knows those of what was. */
  readonly notices: readonly Notice[];
}

/** Before a lease ends, seconds. */
const WARNING = HOUR;

/** @param remembers false where the state cannot be read or written, so that a check may not know of the one before. */
export function decide(
  facts: Facts,
  before: GuardState,
  settings: GuardSettings,
  now: Date,
  remembers = true,
): Decision {
  // The filters of the question said so already; what is terminated is worth a second look.
  const own = facts.instances?.filter((instance) => isOwnGpu(instance, settings.stack));
  const instances = own ?? [];
  const judged = judge(instances, facts.use, settings, now);
  const state = withUnseen(
    withLease(withoutOldEnds(before, now), settings, now),
    own,
    facts.use,
    judged.unseen,
    settings,
    now,
  );
  const spending = own && spendingOf(own, state, settings, now, remembers);
  const off = state.off ?? offBecause(spending, state, settings, now);
  if (off !== undefined) return whileOff(instances, facts.groups, { ...state, off }, settings);
  return whileOn(judged, spending, state, settings, now, remembers);
}

function withLease(state: GuardState, { leaseSeconds }: GuardSettings, now: Date): GuardState {
  if (leaseSeconds === undefined || state.leaseUntil !== undefined || state.off !== undefined) return state;
  return { ...state, leaseUntil: after(now, leaseSeconds) };
}

function offBecause(
  spending: Spending | undefined,
  { leaseUntil, waking }: GuardState,
  { leaseSeconds }: GuardSettings,
  now: Date,
): Off | undefined {
  // A wake that was not through yet still knows sizes that are nowhere else.
  const more = { since: now.toISOString(), sizes: waking?.sizes ?? {} };
  if (leaseSeconds !== undefined && secondsUntil(leaseUntil, now) <= 0)
    return { ...more, reason: "lease", detail: `The lease ended at ${leaseUntil}.` };
  if (spending?.is === "too long") return { ...more, reason: "limit", detail: spending.detail };
  return undefined;
}

/** First nothing may start, then nothing may be kept, then all goes; at every check, until nothing is left. */
function whileOff(
  instances: readonly Instance[],
  groups: Facts["groups"],
  before: GuardState & { readonly off: Off },
  { launchRole }: GuardSettings,
): Decision {
  const { waking: _, pastLimitSince: __, off, ...rest } = before;
  const up = Object.entries(groups).filter(([, { min, desired }]) => min > 0 || desired > 0);
  const remembered = Object.fromEntries(up.filter(([, { desired }]) => desired > 0));
  const state: GuardState = { ...rest, off: { ...off, sizes: { ...off.sizes, ...remembered } } };
  const acts: Act[] = [
    ...(launchRole === undefined ? [] : [{ act: "deny", role: launchRole } as const]),
    ...up.map(([group, { max }]) => ({ act: "size", group, size: { min: 0, desired: 0, max } }) as const),
    ...terminate(instances, "off"),
  ];
  return { state, acts, notices: off.told ? [] : [{ notice: "off", off }] };
}

const terminate = (instances: readonly Instance[], why: Why, more: { readonly one?: true } = {}): Act[] =>
  instances.length === 0 ? [] : [{ act: "terminate", ids: instances.map(({ id }) => id), why, ...more }];

function whileOn(
  { idle, unseen, steadyIdle, orphans }: Judged,
  spending: Spending | undefined,
  before: GuardState,
  settings: GuardSettings,
  now: Date,
  remembers: boolean,
): Decision {
  const { leaseSeconds } = settings;
  const notices: Notice[] = [];
  const { pastLimitSince, ...rest } = before;
  const past = { pastLimitSince: pastLimitSince ?? now.toISOString() };
  // Where the instances could not be read nothing new is known.
  const state = spending === undefined ? before : spending.is === "within" ? rest : { ...rest, ...past };
  if (spending?.is === "past" && pastLimitSince === undefined)
    notices.push({ notice: "past-limit", detail: spending.detail });
  const ends = idle.filter((instance) => !rests(poolOf(instance), state, now));
  notices.push(...untoldRests(state, now));
  if (remembers && unseen.length > 0 && !withinDay(state.unseenTold, now))
    notices.push({ notice: "unseen", instances: unseen, endsFrom: firstEnd(unseen, state, settings, now) });
  if (steadyIdle.length > 0 && !withinDay(state.steadyIdleTold, now))
    notices.push({ notice: "steady-idle", instances: steadyIdle });
  if (orphans.length > 0 && !withinDay(state.orphansTold, now)) notices.push({ notice: "orphans", instances: orphans });
  const { leaseUntil } = state;
  // A lease of an hour or less is new when its last hour begins: whoever took it knows.
  const warns = leaseSeconds !== undefined && leaseSeconds > WARNING && leaseUntil !== undefined;
  if (warns && secondsUntil(leaseUntil, now) <= WARNING && state.warnedOf !== leaseUntil)
    notices.push({ notice: "lease-warning", leaseUntil });
  return {
    state,
    acts: [
      ...wakingActs(state, settings),
      ...terminate(ends, "idle"),
      ...terminate(unseenEnds(unseen, state, settings, now), "unseen", { one: true }),
    ],
    notices,
  };
}

/** What a wake has to do, until all of it has worked. */
export function wakingActs({ waking }: GuardState, { launchRole, pools }: GuardSettings): Act[] {
  if (waking === undefined) return [];
  // A pool that is no longer in the stack has taken its node group along.
  const known = new Set(Object.values(pools).map(({ nodeGroup }) => nodeGroup));
  return [
    ...(launchRole === undefined ? [] : [{ act: "allow", role: launchRole } as const]),
    ...Object.entries(waking.sizes)
      .filter(([group]) => known.has(group))
      .map(([group, size]) => ({ act: "size", group, size }) as const),
  ];
}
