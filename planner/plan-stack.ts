import { type ColdStart, type ColdStartOptions, coldStart } from "./cold-start";
import { usdPerMillionTokens } from "./cost";
import { fitOf, nodeNeed } from "./fit";
import { type FitRequest, formatOf } from "./fit-request";
import type { GpuName } from "./gpus";
import { DEFAULT_COLD_START_SECONDS, holdChain, holdFaults } from "./hold";
import { INSTANCES } from "./instances";
import type { MemoryBudget, MemoryRequest } from "./memory";
import type { ModelShape, WeightFormat } from "./model-shape";
import { nodeFaults } from "./node-fit";
import { engineOf, hourlyPrice, type PlanRequest, roomFor } from "./plan-option";
import { saturatedTokensPerSecond, timePerOutputToken, timeToFirstToken } from "./speed";

/** One pool that a model may run on. */
export interface ModelPool {
  readonly name: string;
  readonly gpu: GpuName;
  /** Types that its nodes may have; none where the nodes are the user's own. */
  readonly instanceTypes: readonly string[];
  /** Its nodes always run, so that none has to start. @default false */
  readonly steady?: boolean;
  /** Whether its nodes may come from the spot market. @default true */
  readonly spot?: boolean;
}

/** One model of a stack, as far as the planner is concerned. */
export interface StackModel {
  readonly name: string;
  readonly shape: ModelShape;
  /** @default the format the weights are published in */
  readonly format?: WeightFormat;
  /** In the order to try them. */
  readonly pools: readonly ModelPool[];
  readonly gpusPerReplica: number;
  readonly contextTokens: number;
  readonly targetConcurrency: number;
  readonly longestGenerationSeconds: number;
  /** The user's own hold. */
  readonly holdSeconds?: number;
  /** What the engine's flags change. */
  readonly memory?: Pick<MemoryRequest, "utilization" | "kvBytesPerElement" | "maxSequences" | "maxBatchedTokens">;
  readonly start?: Partial<ColdStartOptions>;
}

/** What is wanted and paid, besides what the stack says. */
export type Usage = Pick<PlanRequest, "inputTokens" | "outputTokens" | "prices" | "spot">;

/** Tokens of a usual prompt and its answer, where nobody has said. */
export const USUAL_REQUEST = { inputTokens: 1024, outputTokens: 256 } as const;

/** What a model will do on one of its pools, where it fits. */
export interface Performance {
  /** Usual requests that one replica has room for at a time; full ones are `budget.concurrency`. */
  readonly requests: number;
  /** Seconds at the model's target concurrency, on average. */
  readonly firstTokenSeconds: number;
  readonly tokenSeconds: number;
  /** Output tokens a second of a replica that is full. */
  readonly saturatedTokensPerSecond: number;
  /** Where a node starts for it; absent on the user's own nodes. */
  readonly node?: {
    /** The cheapest type of the pool that carries a replica. */
    readonly instanceType: string;
    /** A replica's share of its node; absent without a price. */
    readonly usdPerHour?: number;
    /** Dollars for a million output tokens of a full node. */
    readonly usdPerMillionTokens?: number;
    readonly coldStart: ColdStart;
  };
}

export interface PoolExpectation {
  readonly pool: string;
  readonly gpu: GpuName;
  readonly gpusPerReplica: number;
  readonly budget: MemoryBudget;
  /** Why it cannot run there, with the numbers. */
  readonly faults: readonly string[];
  /** Up to three changes that would fit. */
  readonly alternatives: readonly string[];
  /** Absent where there are faults. */
  readonly performance?: Performance;
}

export interface ModelExpectation {
  readonly model: string;
  readonly format: WeightFormat;
  readonly contextTokens: number;
  readonly targetConcurrency: number;
  /** In the order of the model's pools. */
  readonly pools: readonly PoolExpectation[];
  /** Seconds from the first request while everything sleeps to a ready engine, on the slowest of the pools. */
  readonly coldStartSeconds: number;
  /** Seconds a request is held: the user's own, or what the slowest of the pools needs. */
  readonly holdSeconds: number;
  /** Why that hold cannot work. */
  readonly holdFaults: readonly string[];
}

/** The cheapest type that carries a replica, or why none does. */
function nodeFor(pool: ModelPool, fit: FitRequest, usage: Usage): { type?: string; faults: string[] } {
  const need = nodeNeed(fit.shape, formatOf(fit), fit.tensorParallel);
  const looked = pool.instanceTypes.flatMap((type) => {
    const facts = INSTANCES[type];
    const price = hourlyPrice(type, usage) ?? Number.POSITIVE_INFINITY;
    return facts === undefined ? [] : [{ type, each: price / facts.gpus, faults: nodeFaults(type, facts, need) }];
  });
  const carrying = looked.filter(({ faults }) => faults.length === 0).sort((a, b) => a.each - b.each);
  const [first] = carrying;
  return first ? { type: first.type, faults: [] } : { faults: looked.flatMap(({ faults }) => faults).slice(0, 3) };
}

function performanceOf(
  model: StackModel,
  pool: ModelPool,
  fit: FitRequest,
  budget: MemoryBudget,
  usage: Usage,
  type?: string,
): Performance {
  const { inputTokens, outputTokens } = usage;
  const engine = engineOf(fit, budget, usage);
  const workload = { ...engine, concurrency: model.targetConcurrency };
  const saturated = saturatedTokensPerSecond(engine);
  const facts = type === undefined ? undefined : INSTANCES[type];
  const price = type === undefined ? undefined : hourlyPrice(type, usage);
  const replicasPerNode = Math.floor((facts?.gpus ?? 0) / fit.tensorParallel);
  const paid =
    price === undefined
      ? {}
      : {
          usdPerHour: price / replicasPerNode,
          usdPerMillionTokens: usdPerMillionTokens({
            usdPerHour: price / replicasPerNode,
            tokensPerSecond: saturated,
            utilisation: 1,
          }),
        };
  const weights = nodeNeed(fit.shape, formatOf(fit), fit.tensorParallel).weightBytes;
  return {
    requests: roomFor(fit, budget, inputTokens + outputTokens),
    firstTokenSeconds: timeToFirstToken(workload).seconds,
    tokenSeconds: timePerOutputToken(workload).seconds,
    saturatedTokensPerSecond: saturated,
    ...(type === undefined || facts === undefined
      ? {}
      : {
          node: {
            instanceType: type,
            ...paid,
            coldStart: coldStart({
              model: { weightBytes: weights, layers: fit.shape.layers },
              machine: facts,
              gpus: fit.tensorParallel,
              options: { ...model.start, ...(pool.steady ? { node: "warm" } : {}) },
            }),
          },
        }),
  };
}

function expectOn(pool: ModelPool, model: StackModel, usage: Usage): PoolExpectation {
  const { shape, format, contextTokens, gpusPerReplica } = model;
  const asked: FitRequest = {
    ...{ shape, format, contextTokens, gpu: pool.gpu, tensorParallel: gpusPerReplica },
    ...model.memory,
  };
  const fit = fitOf(asked);
  const node = nodeFor(pool, asked, usage);
  const faults = [...(fit.fits ? [] : [fit.reason]), ...node.faults];
  return {
    pool: pool.name,
    gpu: pool.gpu,
    gpusPerReplica,
    budget: fit.budget,
    faults,
    alternatives: fit.fits ? [] : fit.alternatives.map(({ text }) => text),
    ...(faults.length > 0 ? {} : { performance: performanceOf(model, pool, asked, fit.budget, usage, node.type) }),
  };
}

/**
 * What a model of a stack will do on each of its pools. Requests longer than the model's context are shortened to it, their
 * answers last.
 */
export function expectModel(model: StackModel, usage: Usage): ModelExpectation {
  const outputTokens = Math.min(usage.outputTokens, Math.max(1, Math.floor(model.contextTokens / 2)));
  const inputTokens = Math.max(1, Math.min(usage.inputTokens, model.contextTokens - outputTokens));
  const pools = model.pools.map((pool) => {
    const spot = pool.spot === false ? {} : usage.spot;
    return expectOn(pool, model, { ...usage, spot, inputTokens, outputTokens });
  });
  const starts = pools.flatMap(({ performance }) => performance?.node?.coldStart.totalSeconds ?? []);
  const chain = {
    coldStartSeconds: starts.length > 0 ? Math.ceil(Math.max(...starts)) : DEFAULT_COLD_START_SECONDS,
    longestGenerationSeconds: model.longestGenerationSeconds,
    holdSeconds: model.holdSeconds,
  };
  const faults = holdFaults(chain);
  return {
    model: model.name,
    format: model.format ?? model.shape.nativeFormat,
    contextTokens: model.contextTokens,
    targetConcurrency: model.targetConcurrency,
    pools,
    coldStartSeconds: chain.coldStartSeconds,
    holdSeconds: faults.length > 0 ? (model.holdSeconds ?? chain.coldStartSeconds) : holdChain(chain).holdSeconds,
    holdFaults: faults,
  };
}
