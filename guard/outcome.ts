import type { Act, Notice } from "./decide";
import { type Instance, poolOf } from "./instances";
import { withIdleEnd } from "./returning";
import type { GuardState } from "./state";
import { toldUnseen } from "./unseen";

/*
 * What is remembered of a check once it is over: only what worked. Pure.
 */

export interface Outcome {
  /** The steps that were to be taken, and those that are through. */
  readonly wanted: readonly Act[];
  readonly through: readonly Act[];
  /** What somebody was told. */
  readonly told: readonly Notice[];
  readonly instances: readonly Instance[];
}

/** What the steps of a switch-off left running, which the notice of the switch-off could not know: it was sent before. */
export function leftRunning({ off }: GuardState, { wanted, through, instances }: Omit<Outcome, "told">): Notice[] {
  const failed = wanted.filter((act) => act.act === "terminate" && !through.includes(act));
  if (off === undefined || off.leftTold || failed.length === 0) return [];
  const ids = new Set(failed.flatMap((act) => (act.act === "terminate" ? act.ids : [])));
  return [{ notice: "left", instances: instances.filter(({ id }) => ids.has(id)) }];
}

export function remembered(state: GuardState, { wanted, through, told, instances }: Outcome, now: Date): GuardState {
  let next = state;
  const isWaking = ({ act }: Act) => act === "allow" || act === "size";
  if (next.waking !== undefined && wanted.filter(isWaking).every((act) => through.includes(act))) {
    const { waking: _, ...rest } = next;
    next = rest;
  }
  const ended = new Set(through.flatMap((act) => (act.act === "terminate" && act.why === "idle" ? act.ids : [])));
  for (const pool of new Set(instances.filter(({ id }) => ended.has(id)).map(poolOf)))
    next = withIdleEnd(next, pool, now);
  for (const notice of told) {
    if (notice.notice === "off" && next.off !== undefined) next = { ...next, off: { ...next.off, told: true } };
    if (notice.notice === "left" && next.off !== undefined) next = { ...next, off: { ...next.off, leftTold: true } };
    if (notice.notice === "idle-rests")
      next = { ...next, idleRestTold: { ...next.idleRestTold, [notice.pool]: notice.since } };
    if (notice.notice === "unseen") next = toldUnseen(next, notice.instances, now);
    if (notice.notice === "lease-warning") next = { ...next, warnedOf: notice.leaseUntil };
    if (notice.notice === "steady-idle") next = { ...next, steadyIdleTold: now.toISOString() };
  }
  return next;
}
