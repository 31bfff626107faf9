import { type Act, lastDay, type Notice } from "./decide";
import { type Instance, poolOf } from "./instances";
import type { GuardState } from "./state";

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

export function remembered(state: GuardState, { wanted, through, told, instances }: Outcome, now: Date): GuardState {
  let next = state;
  const isWaking = ({ act }: Act) => act === "allow" || act === "size";
  if (next.waking !== undefined && wanted.filter(isWaking).every((act) => through.includes(act))) {
    const { waking: _, ...rest } = next;
    next = rest;
  }
  const ended = new Set(through.flatMap((act) => (act.act === "terminate" && act.why === "idle" ? act.ids : [])));
  // One check counts once for a pool, however many of its nodes were idle.
  for (const pool of new Set(instances.filter(({ id }) => ended.has(id)).map(poolOf))) {
    const times = [...lastDay(next.idleEnds?.[pool], now), now.toISOString()];
    next = { ...next, idleEnds: { ...next.idleEnds, [pool]: times } };
  }
  for (const notice of told) {
    if (notice.notice === "off" && next.off !== undefined) next = { ...next, off: { ...next.off, told: true } };
    if (notice.notice === "lease-warning") next = { ...next, warnedOf: notice.leaseUntil };
    if (notice.notice === "steady-idle") next = { ...next, steadyIdleTold: now.toISOString() };
  }
  return next;
}
