import { type ApiBreakEven, apiBreakEven, blendedUsdPerMillion } from "./break-even";
import { type StackShape, stackCost } from "./cost";
import type { PlanOption, PlanRequest } from "./plan-option";

/** The smallest stack that has an endpoint: what is paid besides the GPUs. */
export const SMALLEST_STACK: StackShape = {
  zones: 2,
  natGateways: 1,
  publicEndpoint: false,
  extendedSupport: false,
  systemNodes: { instanceType: "m7i.large", count: 2, diskGb: 50 },
  databases: [],
  kmsKeys: 2,
  pools: [],
};

/** An option against an API. Prices in dollars for a million tokens, input and output together in the request's mix. */
export interface ApiPlan {
  readonly blendedUsdPerMillion: number;
  /** The option's nodes alone, with the wanted requests around the clock. */
  readonly ownUsdPerMillion: number;
  /** Absent where the API is always cheaper. */
  readonly breakEven?: ApiBreakEven;
}

/** From how many tokens a day an option costs no more than an API. `api`: dollars for a million tokens in and out. */
export function compareWithApi(
  option: PlanOption,
  request: Pick<PlanRequest, "inputTokens" | "outputTokens" | "prices">,
  api: { readonly input: number; readonly output: number },
): ApiPlan {
  const { inputTokens, outputTokens, prices } = request;
  const outputShare = outputTokens / (inputTokens + outputTokens);
  const blended = blendedUsdPerMillion(api.input, api.output, outputShare);
  const replicaTokensPerDay = (option.tokensPerSecond / outputShare) * 86_400;
  const breakEven = apiBreakEven({
    fixedUsdPerDay: stackCost(SMALLEST_STACK, prices).idleUsdPerHour * 24,
    // All nodes of the option count as one replica: they serve the wanted requests together.
    replicaUsdPerDay: option.usdPerHour * 24,
    replicaTokensPerDay,
    apiUsdPerMillion: blended,
  });
  return {
    blendedUsdPerMillion: blended,
    ownUsdPerMillion: option.usdPerMillionTokens * outputShare,
    ...(breakEven ? { breakEven } : {}),
  };
}
