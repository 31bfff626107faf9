import type { GuardSettings } from "./settings";
import { GPU_POOL_TAG, STACK_TAG } from "./tags";

/*
 * GPU instances as the guard sees them: whose they are and what they cost. Pure.
 */

/** Karpenter sets it on what it launches; the nodes of a managed group do not have it. */
export const LAUNCHED_TAG = "karpenter.sh/nodepool";

/** A pending or running instance. */
export interface Instance {
  readonly id: string;
  readonly type: string;
  readonly launched: Date;
  readonly tags: Readonly<Record<string, string>>;
}

export const isOwnGpu = ({ tags }: Instance, stack: string): boolean =>
  tags[STACK_TAG] === stack && tags[GPU_POOL_TAG] !== undefined;

export const isElastic = ({ tags }: Instance): boolean => tags[LAUNCHED_TAG] !== undefined;

export const poolOf = ({ tags }: Instance): string => tags[GPU_POOL_TAG] ?? "";

export const ageSeconds = ({ launched }: Instance, now: Date): number => (now.getTime() - launched.getTime()) / 1000;

export interface Price {
  /** US dollars an hour, on demand. */
  readonly usd: number;
  /** No price is known of the type: this is the dearest of those that are. */
  readonly guessed: boolean;
}

export function priceOf({ type }: Instance, prices: GuardSettings["prices"]): Price {
  const known = Object.hasOwn(prices, type) ? prices[type] : undefined;
  return known === undefined
    ? { usd: Math.max(...Object.values(prices)), guessed: true }
    : { usd: known, guessed: false };
}

/** US dollars an hour of all of them. */
export const usdOf = (instances: readonly Instance[], prices: GuardSettings["prices"]): number =>
  instances.reduce((sum, instance) => sum + priceOf(instance, prices).usd, 0);
