import { ageSeconds, type Instance, isElastic, poolOf, priceOf, usdOf } from "./instances";
import type { GuardSettings } from "./settings";
import type { GuardState } from "./state";

/*
 * What the function answers to who asks it: plain JSON. Pure.
 */

export interface RunningInstance {
  readonly id: string;
  readonly type: string;
  readonly pool: string;
  readonly elastic: boolean;
  readonly ageSeconds: number;
  readonly usdPerHour: number;
  /** No price is known of the type: the dearest is taken. */
  readonly guessed: boolean;
}

export interface GuardStatus {
  readonly stack: string;
  /** Seconds of a whole lease; none without a lease. */
  readonly leaseSeconds?: number;
  /** ISO 8601; none before the first check. */
  readonly leaseUntil?: string;
  readonly off?: { readonly since: string; readonly detail: string };
  /** A wake is under way: the next check confirms it. */
  readonly waking: boolean;
  readonly instances: readonly RunningInstance[];
  readonly usdPerHour: number;
  readonly limitUsdPerHour: number;
  /** What did not work in this run. */
  readonly faults: readonly string[];
}

export type GuardAnswer = { readonly status: GuardStatus } | { readonly refused: string };

export function statusOf(
  state: GuardState,
  instances: readonly Instance[],
  faults: readonly string[],
  settings: GuardSettings,
  now: Date,
): GuardStatus {
  const { stack, leaseSeconds, limitUsdPerHour, prices } = settings;
  return {
    stack,
    leaseSeconds,
    leaseUntil: leaseSeconds === undefined ? undefined : state.leaseUntil,
    off: state.off && { since: state.off.since, detail: state.off.detail },
    waking: state.waking !== undefined,
    instances: instances.map((instance) => {
      const { usd, guessed } = priceOf(instance, prices);
      const { id, type } = instance;
      const seconds = Math.floor(ageSeconds(instance, now));
      return {
        id,
        type,
        pool: poolOf(instance),
        elastic: isElastic(instance),
        ageSeconds: seconds,
        usdPerHour: usd,
        guessed,
      };
    }),
    usdPerHour: usdOf(instances, prices),
    limitUsdPerHour,
    faults,
  };
}
