/** Own GPUs against an API that charges by the token. */
export interface ApiComparison {
  /** What is paid whatever the traffic: control plane, network, gateway; dollars a day. */
  readonly fixedUsdPerDay: number;
  /** One replica, awake all day; dollars a day. */
  readonly replicaUsdPerDay: number;
  /** Tokens that one replica makes in a day at the utilisation one trusts. */
  readonly replicaTokensPerDay: number;
  /** The API's price for a million tokens, input and output weighted as in one's traffic. */
  readonly apiUsdPerMillion: number;
}

/** Where own GPUs begin to be cheaper. */
export interface ApiBreakEven {
  readonly tokensPerDay: number;
  /** Replicas that so many tokens need. */
  readonly replicas: number;
  /** Either way, dollars a day. */
  readonly usdPerDay: number;
}

function positive(values: Readonly<Record<string, number>>, mayBeZero: readonly string[] = []): void {
  const wrong = Object.entries(values).filter(
    ([name, value]) => !Number.isFinite(value) || value < 0 || (value === 0 && !mayBeZero.includes(name)),
  );
  if (wrong.length > 0)
    throw new RangeError(
      `break-even: ${wrong.map(([name, value]) => `${name} is ${value}`).join(", ")}; it must be above 0`,
    );
}

/** One price for a million tokens where an API has two. `outputShare` is the share of output among all tokens, 0 to 1. */
export function blendedUsdPerMillion(inputUsd: number, outputUsd: number, outputShare: number): number {
  if (!(outputShare >= 0 && outputShare <= 1))
    throw new RangeError(`outputShare is ${outputShare}; it must be from 0 to 1`);
  return inputUsd * (1 - outputShare) + outputUsd * outputShare;
}

/** Dollars a day of own GPUs for so many tokens: replicas come whole. */
export function ownUsdPerDay(comparison: ApiComparison, tokensPerDay: number): number {
  const replicas = Math.max(1, Math.ceil(tokensPerDay / comparison.replicaTokensPerDay));
  return comparison.fixedUsdPerDay + replicas * comparison.replicaUsdPerDay;
}

/** Dollars a day of the API for so many tokens. */
export const apiUsdPerDay = ({ apiUsdPerMillion }: ApiComparison, tokensPerDay: number): number =>
  (tokensPerDay / 1e6) * apiUsdPerMillion;

/**
 * The least tokens a day at which own GPUs cost no more than the API; undefined where they never do, because a full replica
 * costs more than its tokens would from the API. Just above a multiple of a replica's tokens the API can be cheaper again.
 */
export function apiBreakEven(comparison: ApiComparison): ApiBreakEven | undefined {
  positive({ ...comparison }, ["fixedUsdPerDay", "replicaUsdPerDay", "apiUsdPerMillion"]);
  const { fixedUsdPerDay, replicaUsdPerDay, replicaTokensPerDay, apiUsdPerMillion } = comparison;
  // What each full replica earns towards what is fixed.
  const margin = apiUsdPerDay(comparison, replicaTokensPerDay) - replicaUsdPerDay;
  if (margin <= 0 || apiUsdPerMillion === 0) return undefined;
  const replicas = Math.max(1, Math.ceil(fixedUsdPerDay / margin));
  const usdPerDay = fixedUsdPerDay + replicas * replicaUsdPerDay;
  return { tokensPerDay: (usdPerDay / apiUsdPerMillion) * 1e6, replicas, usdPerDay };
}
