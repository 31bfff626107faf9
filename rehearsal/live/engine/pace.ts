import { formatInName } from "../../../planner/config-format";
import { GPUS } from "../../../planner/gpus";
import { engineDefaults, memoryBudget } from "../../../planner/memory";
import { findModel } from "../../../planner/models";
import { SPEED_CONSTANTS } from "../../../planner/speed-constants";
import { type StepWork, stepSeconds, total } from "../../../planner/step";
import type { EngineOptions } from "./options";

/** Tokens of a block of the KV cache; vLLM's default on GPUs. */
export const BLOCK_TOKENS = 16;

/** How fast an engine is and how much it holds. */
export interface Pace {
  /** Seconds of one forward pass. */
  readonly stepSeconds: (work: StepWork) => number;
  /** Seconds of HTTP and tokeniser before a request joins the queue. */
  readonly requestSeconds: number;
  /** Longest prompt plus answer, in tokens. */
  readonly maxModelLen: number;
  /** Requests that run at once, at most. */
  readonly maxSequences: number;
  /** Tokens of one step, at most. */
  readonly maxBatchedTokens: number;
  readonly cacheBlocks: number;
}

/** For a model that the planner does not know, what an 8 B model does on an L40S: 50 tokens a second. */
const UNKNOWN = { tokenSeconds: 0.02, maxModelLen: 32_768, cacheBlocks: 16_384 };

/** The planner's arithmetic for an engine's own command line. */
export function paceOf(options: Omit<EngineOptions, "host" | "port" | "loadMs" | "requestLog">): Pace {
  const gpu = GPUS[options.gpu];
  const defaults = engineDefaults(gpu);
  const maxBatchedTokens = options.maxBatchedTokens ?? defaults.maxBatchedTokens;
  const maxSequences = Math.min(options.maxSequences ?? defaults.maxSequences, maxBatchedTokens);
  const common = { requestSeconds: SPEED_CONSTANTS.requestSeconds, maxSequences, maxBatchedTokens };
  const shape = findModel(options.model);
  if (!shape) {
    const { tokenSeconds, cacheBlocks } = UNKNOWN;
    return {
      ...common,
      stepSeconds: () => tokenSeconds,
      maxModelLen: options.maxModelLen ?? UNKNOWN.maxModelLen,
      cacheBlocks,
    };
  }
  // `--quantization=fp8` says the format as a repository's name would.
  const format = formatInName(`-${options.quantization}`) ?? shape.nativeFormat;
  const kvBytesPerElement = options.kvCacheDtype?.startsWith("fp8") ? 1 : 2;
  const maxModelLen = options.maxModelLen ?? shape.maxContext;
  const budget = memoryBudget({
    shape,
    format,
    gpu,
    tensorParallel: options.tensorParallel,
    contextTokens: maxModelLen,
    utilization: options.utilization,
    kvBytesPerElement,
    maxSequences,
    maxBatchedTokens,
  });
  const engine = { shape, format, gpu, tp: options.tensorParallel, kvBytesPerElement };
  return {
    ...common,
    stepSeconds: (work) => total(stepSeconds(engine, work, SPEED_CONSTANTS)),
    maxModelLen,
    // What does not fit was refused by the planner before there was a pod, so one request always has room here.
    cacheBlocks: Math.ceil(Math.max(budget.kvTokens, maxModelLen) / BLOCK_TOKENS),
  };
}
