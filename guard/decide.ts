import { judge, type Use } from "./idle";
import { type Instance, isOwnGpu, poolOf, usdOf } from "./instances";
import { dollars } from "./messages-text";
import type { GuardSettings } from "./settings";
import type { GuardState, Off, Size } from "./state";

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
  | { readonly act: "terminate"; readonly ids: readonly string[]; readonly why: "off" | "idle" | "unseen" };

export type Notice =
  | { readonly notice: "off"; readonly off: Off }
  | { readonly notice: "ended"; readonly why: "idle" | "unseen"; readonly instances: readonly Instance[] }
  | { readonly notice: "steady-idle"; readonly instances: readonly Instance[] }
  | { readonly notice: "lease-warning"; readonly leaseUntil: string }
  | { readonly notice: "state-lost"; readonly faults: readonly string[] };

export interface Decision {
  /** To be saved before the first step. */
  readonly state: GuardState;
  readonly acts: readonly Act[];
  /** Sent after the last step, so that they can say what failed. */
  readonly notices: readonly Notice[];
}

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Before a lease ends, seconds. */
const WARNING = HOUR;
/** The time that idle nodes come back after which everything is switched off, within a day. */
const RETURNS = 3;
/** Sums of prices are not exact: a stack at its limit is not above it. */
const CENT_OF_A_CENT = 1e-4;

export const after = (now: Date, seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();
const secondsUntil = (time: string, now: Date) => (Date.parse(time) - now.getTime()) / 1000;
export const lastDay = (times: readonly string[] = [], now: Date): string[] =>
  times.filter((time) => secondsUntil(time, now) > -DAY);

export function decide(facts: Facts, before: GuardState, settings: GuardSettings, now: Date): Decision {
  // The filters of the question said so already; what is terminated is worth a second look.
  const instances = (facts.instances ?? []).filter((instance) => isOwnGpu(instance, settings.stack));
  const state = withLease(before, settings, now);
  const judged = judge(instances, facts.use, settings, now);
  const off = state.off ?? offBecause(instances, judged.idle, state, settings, now);
  return off === undefined
    ? whileOn(judged, state, settings, now)
    : whileOff(instances, facts.groups, { ...state, off }, settings);
}

function withLease(state: GuardState, { leaseSeconds }: GuardSettings, now: Date): GuardState {
  if (leaseSeconds === undefined || state.leaseUntil !== undefined || state.off !== undefined) return state;
  return { ...state, leaseUntil: after(now, leaseSeconds) };
}

function offBecause(
  instances: readonly Instance[],
  idle: readonly Instance[],
  state: GuardState,
  settings: GuardSettings,
  now: Date,
): Off | undefined {
  const { leaseSeconds, limitUsdPerHour, prices } = settings;
  const off = (reason: Off["reason"], detail: string): Off => ({
    since: now.toISOString(),
    reason,
    detail,
    // A wake that was not through yet still knows sizes that are nowhere else.
    sizes: state.waking?.sizes ?? {},
  });
  const { leaseUntil } = state;
  if (leaseSeconds !== undefined && leaseUntil !== undefined && secondsUntil(leaseUntil, now) <= 0)
    return off("lease", `The lease ended at ${leaseUntil}.`);
  const usd = usdOf(instances, prices);
  if (usd > limitUsdPerHour + CENT_OF_A_CENT)
    return off(
      "limit",
      `Running GPU instances cost ${dollars(usd)} an hour; the limit (spend.limit) is ${dollars(limitUsdPerHour)}.`,
    );
  const pool = idle.map(poolOf).find((name) => lastDay(state.idleEnds?.[name], now).length >= RETURNS - 1);
  if (pool !== undefined)
    return off("returning", `Idle nodes of pool "${pool}" keep coming back: ${RETURNS} times within 24 hours.`);
  return undefined;
}

/** First nothing may start, then nothing may be kept, then all goes; at every check, until nothing is left. */
function whileOff(
  instances: readonly Instance[],
  groups: Facts["groups"],
  before: GuardState & { readonly off: Off },
  { launchRole }: GuardSettings,
): Decision {
  const { waking: _, off, ...rest } = before;
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

const terminate = (instances: readonly Instance[], why: "off" | "idle" | "unseen"): Act[] =>
  instances.length === 0 ? [] : [{ act: "terminate", ids: instances.map(({ id }) => id), why }];

function whileOn(
  { idle, unseen, steadyIdle }: ReturnType<typeof judge>,
  state: GuardState,
  settings: GuardSettings,
  now: Date,
): Decision {
  const { leaseSeconds } = settings;
  const notices: Notice[] = [];
  if (idle.length > 0) notices.push({ notice: "ended", why: "idle", instances: idle });
  if (unseen.length > 0) notices.push({ notice: "ended", why: "unseen", instances: unseen });
  if (steadyIdle.length > 0 && lastDay([state.steadyIdleTold ?? ""], now).length === 0)
    notices.push({ notice: "steady-idle", instances: steadyIdle });
  const { leaseUntil } = state;
  // A lease of an hour or less is new when its last hour begins: whoever took it knows.
  const warns = leaseSeconds !== undefined && leaseSeconds > WARNING && leaseUntil !== undefined;
  if (warns && secondsUntil(leaseUntil, now) <= WARNING && state.warnedOf !== leaseUntil)
    notices.push({ notice: "lease-warning", leaseUntil });
  return {
    state,
    acts: [...wakingActs(state, settings), ...terminate(idle, "idle"), ...terminate(unseen, "unseen")],
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
