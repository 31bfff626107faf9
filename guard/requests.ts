import type { GuardSettings } from "./settings";
import type { GuardState } from "./state";
import { after } from "./times";

/*
 * What people ask of the guard: more time, and to switch on again. Pure.
 */

/** Seconds by which a lease can be extended at once: 30 days, as long as a lease may be. */
export const MOST_EXTENSION = 30 * 86_400;

export type Asked = { readonly state: GuardState } | { readonly refused: string };

/** The later of two times; the second where there is no first. */
const later = (one: string | undefined, other: string): string =>
  one !== undefined && Date.parse(one) > Date.parse(other) ? one : other;

/** A lease never becomes shorter by this. */
export function extended(state: GuardState, seconds: number, settings: GuardSettings, now: Date): Asked {
  const { leaseSeconds, stackShort } = settings;
  if (!(seconds > 0 && seconds <= MOST_EXTENSION))
    return {
      refused: `a lease cannot be extended by ${seconds} seconds; name more than 0 and at most ${MOST_EXTENSION}`,
    };
  if (leaseSeconds === undefined)
    return { refused: `stack ${stackShort} has no lease (spend.lease): nothing ends, so nothing can be extended` };
  if (state.off !== undefined)
    return {
      refused: `GPUs of stack ${stackShort} are switched off since ${state.off.since}: ${state.off.detail} Wake it first, which begins a new lease: npm run wake -- --stack ${stackShort}`,
    };
  // Before the guard's first check the lease has not begun: it begins now.
  const end = state.leaseUntil ?? after(now, leaseSeconds);
  const from = new Date(Math.max(now.getTime(), Date.parse(end)));
  return { state: { ...state, leaseUntil: after(from, seconds) } };
}

/** Not off any more, with a whole lease; what has to be undone in the account stays noted until it has worked. */
export function woken({ off, waking, ...rest }: GuardState, { leaseSeconds }: GuardSettings, now: Date): GuardState {
  // Counts and warnings of before are of the time before.
  const { idleEnds: _, idleRestTold: __, warnedOf: ___, pastLimitSince: ____, ...kept } = rest;
  return {
    ...kept,
    ...(leaseSeconds === undefined ? {} : { leaseUntil: later(rest.leaseUntil, after(now, leaseSeconds)) }),
    waking: { sizes: { ...waking?.sizes, ...off?.sizes } },
  };
}
