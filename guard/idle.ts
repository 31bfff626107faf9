import { ageSeconds, type Instance, isElastic } from "./instances";
import { isOrphan, ruleOf } from "./rules";
import type { GuardSettings } from "./settings";
import { HOUR } from "./times";

/*
 * Which instances nobody uses, by the metric of their GPUs, and of which nothing is known. Pure.
 */

/** What the metric says of one instance over its pool's `idleSeconds`. */
export interface Use {
  /** Minutes of which there is a value, of those that a metric without gaps has. */
  readonly points: number;
  readonly expected: number;
  /** Percent, highest; 0 where there is no value. */
  readonly highest: number;
}

/** Seconds of one point, which holds the values of these. CloudWatch keeps points of a minute for 15 days, of 5 minutes for 63. */
export const periodOf = (windowSeconds: number): number => (windowSeconds <= 3 * 3600 ? 60 : 300);

/** Below this share of values what is missing could be use. */
const ENOUGH = 0.9;

/** Seconds of age before somebody hears of an orphan: a pool that `pulumi up` has just made may be new to the guard. */
const NEW = HOUR;

/** Unseen: no value in the whole window. */
export type Idleness = "used" | "idle" | "unseen";

/** Whether the metric of this instance has to be read: only of those that could be idle. */
export function mayBeIdle(instance: Instance, settings: GuardSettings, now: Date): boolean {
  const { idleSeconds } = ruleOf(instance, settings);
  return idleSeconds !== undefined && ageSeconds(instance, now) > idleSeconds;
}

/** @param use undefined where the metric could not be read: then nothing is known, which is not the same as no use. */
export function idlenessOf(instance: Instance, use: Use | undefined, settings: GuardSettings, now: Date): Idleness {
  if (use === undefined || !mayBeIdle(instance, settings, now)) return "used";
  if (use.highest > 0) return "used";
  if (use.points === 0) return "unseen";
  return use.points >= use.expected * ENOUGH ? "idle" : "used";
}

export interface Judged {
  /** Elastic. */
  readonly idle: readonly Instance[];
  readonly unseen: readonly Instance[];
  /** Somebody is told of these: their group would start them again. */
  readonly steadyIdle: readonly Instance[];
  /** And of these: no rule of any pool says how long they may be unused. */
  readonly orphans: readonly Instance[];
}

export function judge(
  instances: readonly Instance[],
  use: Readonly<Record<string, Use>>,
  settings: GuardSettings,
  now: Date,
): Judged {
  const judged = instances.map((instance) => ({
    instance,
    idleness: idlenessOf(instance, use[instance.id], settings, now),
  }));
  const those = (wanted: Idleness, elastic: boolean) =>
    judged
      .filter(({ instance, idleness }) => idleness === wanted && isElastic(instance) === elastic)
      .map(({ instance }) => instance);
  return {
    idle: those("idle", true),
    unseen: those("unseen", true),
    steadyIdle: those("idle", false),
    orphans: instances.filter(
      (one) => isOrphan(one, settings) && ruleOf(one, settings).idleSeconds === undefined && ageSeconds(one, now) > NEW,
    ),
  };
}
