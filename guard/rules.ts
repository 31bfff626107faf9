import { type Instance, poolOf } from "./instances";
import type { GuardedPool, GuardSettings } from "./settings";

/*
 * How long a node may be unused, by its pool. Pure.
 */

export type Rule = Pick<GuardedPool, "idleSeconds" | "unseenSeconds">;

/** Its pool is not in the stack any more: whoever took the pool away meant its nodes to go, too. */
export const isOrphan = (instance: Instance, { pools }: GuardSettings): boolean =>
  !Object.hasOwn(pools, poolOf(instance));

/** An orphan has the longest times of the pools that there are: one of them may have been its own. */
export function ruleOf(instance: Instance, settings: GuardSettings): Rule {
  const { pools } = settings;
  if (!isOrphan(instance, settings)) return pools[poolOf(instance)] ?? {};
  const known = Object.values(pools);
  return {
    idleSeconds: longest(known.map(({ idleSeconds }) => idleSeconds)),
    unseenSeconds: longest(known.map(({ unseenSeconds }) => unseenSeconds)),
  };
}

function longest(times: readonly (number | undefined)[]): number | undefined {
  const set = times.filter((time) => time !== undefined);
  return set.length === 0 ? undefined : Math.max(...set);
}
