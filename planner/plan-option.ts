import { type ColdStart, coldStart } from "./cold-start";
import { usdPerMillionTokens } from "./cost";
import { instancesThatFit, nodeNeed } from "./fit";
import { type FitRequest, formatOf } from "./fit-request";
import { isNative } from "./formats";
import { GPUS, type GpuName } from "./gpus";
import { INSTANCES, type InstanceFacts } from "./instances";
import type { MemoryBudget } from "./memory";
import type { ModelShape, WeightFormat } from "./model-shape";
import { listPrice, type PriceOverrides, priceOf } from "./prices";
import { kvBytesPerSequencePerGpu } from "./shards";
import { saturatedTokensPerSecond, timePerOutputToken, timeToFirstToken, type Workload } from "./speed";

/** What is to be served, and what one would pay. */
export interface PlanRequest {
  readonly shape: ModelShape;
  /** @default the format the weights are published in */
  readonly format?: WeightFormat;
  /** GPU models to choose from. */
  readonly gpus: readonly GpuName[];
  /** GPUs of one replica; every size is tried where absent. */
  readonly gpusPerReplica?: number;
  /** Longest prompt plus answer of any request, in tokens: what the engine is started with. */
  readonly contextTokens: number;
  /** Requests at a time, over all replicas. */
  readonly concurrency: number;
  /** Tokens of a usual prompt, and of a usual answer. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Dollars an hour of the user's own instead of the list's. */
  readonly prices?: PriceOverrides;
  /** What an instance type costs an hour on the spot market today; with it, the type is bought there. */
  readonly spot?: PriceOverrides;
}

/** One way to serve it: replicas on as few nodes as carry the wanted requests. */
export interface PlanOption {
  readonly gpu: GpuName;
  readonly gpusPerReplica: number;
  readonly format: WeightFormat;
  /** Whether the GPU multiplies the format as it is stored; where not, it saves memory and no time. */
  readonly native: boolean;
  readonly instanceType: string;
  readonly spot: boolean;
  readonly nodes: number;
  readonly replicas: number;
  /** All nodes. */
  readonly usdPerHour: number;
  /** Memory of one GPU of a replica. */
  readonly budget: MemoryBudget;
  /** Usual requests that one replica has room for at a time; full ones are `budget.concurrency`. */
  readonly requestsPerReplica: number;
  /** Seconds, on average, at the wanted concurrency. */
  readonly firstTokenSeconds: number;
  readonly tokenSeconds: number;
  readonly answerSeconds: number;
  /** Output tokens a second of all replicas at the wanted concurrency. */
  readonly tokensPerSecond: number;
  /** Output tokens a second of one replica that is full. */
  readonly saturatedTokensPerSecond: number;
  /** Dollars for a million output tokens at the wanted concurrency, prompts included. */
  readonly usdPerMillionTokens: number;
  /** The same when every replica that fits the nodes is full. */
  readonly fullUsdPerMillionTokens: number;
  readonly coldStart: ColdStart;
}

const GIB = 2 ** 30;

/** One replica as the speed formulas take it. */
export const engineOf = (
  fit: FitRequest,
  budget: MemoryBudget,
  { inputTokens, outputTokens }: Pick<PlanRequest, "inputTokens" | "outputTokens">,
): Omit<Workload, "concurrency"> => ({
  shape: fit.shape,
  format: formatOf(fit),
  gpu: GPUS[fit.gpu],
  tp: fit.tensorParallel,
  kvBytesPerElement: fit.kvBytesPerElement,
  inputTokens,
  outputTokens,
  kvCacheBytesPerGpu: budget.availableKvGib * GIB,
  maxSequences: budget.maxSequences,
  chunkTokens: budget.maxBatchedTokens,
});

/** Requests of so many tokens that one replica has room for at a time. */
export function roomFor(fit: FitRequest, budget: MemoryBudget, tokens: number): number {
  const each = kvBytesPerSequencePerGpu(fit.shape, tokens, fit.tensorParallel, fit.kvBytesPerElement);
  return Math.min(budget.maxSequences, Math.floor((budget.availableKvGib * GIB) / each));
}

interface Nodes {
  readonly instanceType: string;
  readonly facts: InstanceFacts;
  readonly nodes: number;
  readonly replicasPerNode: number;
  readonly usdPerHour: number;
}

/** Dollars an hour of a type, or undefined where nobody has told a price. */
export function hourlyPrice(type: string, { prices, spot }: Pick<PlanRequest, "prices" | "spot">): number | undefined {
  const own = spot?.[type] ?? prices?.[type];
  return own ?? (listPrice(type) === undefined ? undefined : priceOf(type));
}

/** The cheapest nodes for at least so many replicas; of two at the same price those with more room. */
function cheapestNodes(types: readonly string[], replicas: number, size: number, request: PlanRequest) {
  return types
    .flatMap((instanceType): Nodes[] => {
      const facts = INSTANCES[instanceType];
      const price = hourlyPrice(instanceType, request);
      if (facts === undefined || price === undefined) return [];
      const replicasPerNode = Math.floor(facts.gpus / size);
      const nodes = Math.ceil(replicas / replicasPerNode);
      return [{ instanceType, facts, nodes, replicasPerNode, usdPerHour: nodes * price }];
    })
    .sort((a, b) => a.usdPerHour - b.usdPerHour || b.nodes * b.replicasPerNode - a.nodes * a.replicasPerNode)[0];
}

/** The option of a replica whose GPUs have room for it; why there is none otherwise. */
export function optionOf(request: PlanRequest, fit: FitRequest, budget: MemoryBudget): PlanOption | string {
  const { concurrency, inputTokens, outputTokens } = request;
  const size = fit.tensorParallel;
  const types = instancesThatFit(fit);
  if (types.length === 0) return `no instance with ${size} ${fit.gpu} has the CPU, memory and disk for it`;
  const requestsPerReplica = roomFor(fit, budget, inputTokens + outputTokens);
  const chosen = cheapestNodes(types, Math.ceil(concurrency / requestsPerReplica), size, request);
  if (chosen === undefined) return `there is no list price of ${types.join(" or ")}: AWS sells it in capacity blocks`;
  // Nodes come whole, so their other GPUs are paid for as well: replicas on them share the requests.
  const replicas = Math.min(chosen.nodes * chosen.replicasPerNode, Math.floor(concurrency));
  const engine = engineOf(fit, budget, request);
  const workload = { ...engine, concurrency: concurrency / replicas };
  const firstTokenSeconds = timeToFirstToken(workload).seconds;
  const tokenSeconds = timePerOutputToken(workload).seconds;
  const answerSeconds = firstTokenSeconds + (outputTokens - 1) * tokenSeconds;
  const tokensPerSecond = (concurrency * outputTokens) / answerSeconds;
  const saturated = saturatedTokensPerSecond(engine);
  const { usdPerHour } = chosen;
  const allReplicas = chosen.nodes * chosen.replicasPerNode;
  const format = formatOf(fit);
  return {
    gpu: fit.gpu,
    gpusPerReplica: size,
    format,
    native: isNative(format, GPUS[fit.gpu].computeCapability),
    instanceType: chosen.instanceType,
    spot: request.spot?.[chosen.instanceType] !== undefined,
    nodes: chosen.nodes,
    replicas,
    usdPerHour,
    budget,
    requestsPerReplica,
    firstTokenSeconds,
    tokenSeconds,
    answerSeconds,
    tokensPerSecond,
    saturatedTokensPerSecond: saturated,
    usdPerMillionTokens: usdPerMillionTokens({ usdPerHour, tokensPerSecond, utilisation: 1 }),
    fullUsdPerMillionTokens: usdPerMillionTokens({
      usdPerHour,
      tokensPerSecond: allReplicas * saturated,
      utilisation: 1,
    }),
    coldStart: coldStart({
      model: { weightBytes: nodeNeed(fit.shape, format, size).weightBytes, layers: fit.shape.layers },
      machine: chosen.facts,
      gpus: size,
    }),
  };
}
