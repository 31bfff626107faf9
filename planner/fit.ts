import { weightBytes } from "./bytes";
import { type Alternative, alternatives } from "./fit-alternatives";
import { budgetOf, type FitRequest, formatOf, unfitReason } from "./fit-request";
import { INSTANCES } from "./instances";
import type { MemoryBudget } from "./memory";
import type { ModelShape, WeightFormat } from "./model-shape";
import { type NodeNeed, nodeFaults } from "./node-fit";

export type Fit =
  | { readonly fits: true; readonly budget: MemoryBudget }
  | {
      readonly fits: false;
      readonly budget: MemoryBudget;
      /** What is too small, with the numbers. */
      readonly reason: string;
      /** Up to three changes, each of which fits. */
      readonly alternatives: readonly Alternative[];
    };

/** Whether a model fits its GPUs; where not, why and what would. */
export function fitOf(request: FitRequest): Fit {
  const budget = budgetOf(request);
  const reason = unfitReason(request, budget);
  if (reason === undefined) return { fits: true, budget };
  return { fits: false, budget, reason, alternatives: alternatives(request) };
}

/** What a replica of the model asks of its node. */
export function nodeNeed(shape: ModelShape, format: WeightFormat, gpus: number): NodeNeed {
  const largestTensorBytes = shape.vocabSize * shape.hiddenSize * 2;
  return { gpus, weightBytes: weightBytes(shape, format), largestTensorBytes };
}

/** Instance types with at least the replica's GPUs whose CPU, memory and disk carry it: fewest GPUs first, then cheapest. */
export function instancesThatFit(
  request: FitRequest,
  options: Pick<NodeNeed, "loading" | "copyOnDisk"> = {},
): string[] {
  if (unfitReason(request) !== undefined) return [];
  const need = { ...nodeNeed(request.shape, formatOf(request), request.tensorParallel), ...options };
  const price = (type: string) => INSTANCES[type]?.onDemandUsdPerHour ?? Number.POSITIVE_INFINITY;
  return Object.entries(INSTANCES)
    .filter(([type, node]) => node.gpu === request.gpu && nodeFaults(type, node, need).length === 0)
    .sort(([one, a], [two, b]) => a.gpus - b.gpus || price(one) - price(two))
    .map(([type]) => type);
}
