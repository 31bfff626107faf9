import type { Done } from "./acts";
import type { Act, Notice, Why } from "./decide";
import { type Instance, poolOf } from "./instances";
import { withIdleEnd } from "./returning";
import type { GuardSettings } from "./settings";
import type { GuardState } from "./state";
import { withinDay } from "./times";
import { toldUnseen } from "./unseen";

/*
 * What is told and remembered of a check once its steps are over: only what worked. Pure.
 */

export interface Outcome extends Done {
  /** The steps that were to be taken. */
  readonly wanted: readonly Act[];
  readonly instances: readonly Instance[];
}

/** The instances among these ids that were to be terminated for one of these reasons. */
function those({ wanted, instances }: Outcome, ids: readonly string[], ...whys: readonly Why[]): Instance[] {
  const meant = new Set(wanted.flatMap((act) => (act.act === "terminate" && whys.includes(act.why) ? act.ids : [])));
  return instances.filter(({ id }) => meant.has(id) && ids.includes(id));
}

/** What only the steps could tell: what was terminated, and what could not be, while GPUs are on and when they are off. */
export function noticesOf({ off, stayedTold }: GuardState, outcome: Outcome, now: Date): Notice[] {
  const { ended, stayed } = outcome;
  const all: Extract<Notice, { readonly instances: readonly Instance[] }>[] = [
    { notice: "ended", why: "idle", instances: those(outcome, ended, "idle") },
    { notice: "ended", why: "unseen", instances: those(outcome, ended, "unseen") },
  ];
  if (!withinDay(stayedTold, now)) all.push({ notice: "stayed", instances: those(outcome, stayed, "idle", "unseen") });
  if (off !== undefined && !off.leftTold) all.push({ notice: "left", instances: those(outcome, stayed, "off") });
  return all.filter(({ instances }) => instances.length > 0);
}

/** @param told what somebody was told in this check. */
export function remembered(
  state: GuardState,
  outcome: Outcome,
  told: readonly Notice[],
  settings: GuardSettings,
  now: Date,
): GuardState {
  let next = state;
  const isWaking = ({ act }: Act) => act === "allow" || act === "size";
  if (next.waking !== undefined && outcome.wanted.filter(isWaking).every((act) => outcome.through.includes(act))) {
    const { waking: _, ...rest } = next;
    next = rest;
  }
  const idle = those(outcome, outcome.ended, "idle");
  for (const pool of new Set(idle.map(poolOf)))
    next = withIdleEnd(
      next,
      pool,
      idle.filter((one) => poolOf(one) === pool),
      now,
    );
  for (const notice of told) {
    if (notice.notice === "off" && next.off !== undefined) next = { ...next, off: { ...next.off, told: true } };
    if (notice.notice === "left" && next.off !== undefined) next = { ...next, off: { ...next.off, leftTold: true } };
    if (notice.notice === "idle-rests")
      next = { ...next, idleRestTold: { ...next.idleRestTold, [notice.pool]: notice.since } };
    if (notice.notice === "unseen") next = toldUnseen(next, notice.instances, settings, now);
    if (notice.notice === "lease-warning") next = { ...next, warnedOf: notice.leaseUntil };
    if (notice.notice === "steady-idle") next = { ...next, steadyIdleTold: now.toISOString() };
    if (notice.notice === "stayed") next = { ...next, stayedTold: now.toISOString() };
    if (notice.notice === "orphans") next = { ...next, orphansTold: now.toISOString() };
  }
  return next;
}

/** A state that could be read only after the steps, with the switch-off of which it does not know. */
export function withOff(state: GuardState, off: NonNullable<GuardState["off"]>): GuardState {
  if (state.off !== undefined) return state;
  const { waking, pastLimitSince: _, ...rest } = state;
  return { ...rest, off: { ...off, sizes: { ...waking?.sizes, ...off.sizes } } };
}
