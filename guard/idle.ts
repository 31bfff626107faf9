import { ageSeconds, type Instance, isElastic, poolOf } from "./instances";
import type { GuardSettings } from "./settings";

/*
 * Which instances nobody uses, by the metric of their GPUs and of which nothing is known. Pure.
 */

/** What the metric says of one instance over its pool's `idleSeconds`. */
export interface Use {
  /** Points that there are, of those that a metric without gaps has. */
  readonly points: number;
  readonly expected: number;
  /** Percent, highest; 0 where there is no point. */
  readonly highest: number;
}

/** Seconds of one point. CloudWatch keeps points of a minute for 15 days, those of 5 minutes for 63. */
export const periodOf = (windowSeconds: number): number => (windowSeconds <= 3 * 3600 ? 60 : 300);

/** Below this share of points what is missing could be use. */
const ENOUGH = 0.9;

/** Unseen: no point in the whole window, in a pool where that counts. */
export type Idleness = "used" | "idle" | "unseen";

/** Whether the metric of this instance has to be read: only of those that could be idle. */
export function mayBeIdle(instance: Instance, { pools }: GuardSettings, now: Date): boolean {
  const idleSeconds = pools[poolOf(instance)]?.idleSeconds;
  return idleSeconds !== undefined && ageSeconds(instance, now) > idleSeconds;
}

/** @param use undefined where the metric could not be read: then nothing is known, which is not the same as no use. */
export function idlenessOf(instance: Instance, use: Use | undefined, settings: GuardSettings, now: Date): Idleness {
  if (use === undefined || !mayBeIdle(instance, settings, now)) return "used";
  if (use.points === 0) return settings.pools[poolOf(instance)]?.unseenSeconds === undefined ? "used" : "unseen";
  return use.highest <= 0 && use.points >= use.expected * ENOUGH ? "idle" : "used";
}

/** The elastic ones that are idle or unseen, and the steady ones to be told of: their group would start them again. */
export function judge(
  instances: readonly Instance[],
  use: Readonly<Record<string, Use>>,
  settings: GuardSettings,
  now: Date,
): { readonly idle: Instance[]; readonly unseen: Instance[]; readonly steadyIdle: Instance[] } {
  const judged = instances.map((instance) => ({
    instance,
    idleness: idlenessOf(instance, use[instance.id], settings, now),
  }));
  const those = (wanted: Idleness, elastic: boolean) =>
    judged
      .filter(({ instance, idleness }) => idleness === wanted && isElastic(instance) === elastic)
      .map(({ instance }) => instance);
  return { idle: those("idle", true), unseen: those("unseen", true), steadyIdle: those("idle", false) };
}
