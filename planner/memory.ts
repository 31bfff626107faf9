import type { GpuSpec } from "./gpus";
import type { ModelShape, WeightFormat } from "./model-shape";
import { kvBytesPerSequencePerGpu, weightBytesPerGpu } from "./shards";

/** What an engine is to hold on each of `tensorParallel` GPUs. */
export interface MemoryRequest {
  readonly shape: ModelShape;
  /** @default the format the weights are published in */
  readonly format?: WeightFormat;
  readonly gpu: Pick<GpuSpec, "deviceMib" | "computeCapability">;
  readonly tensorParallel: number;
  /** Longest prompt plus answer, in tokens. */
  readonly contextTokens: number;
  /** Share of the GPU's memory that the engine plans with. @default 0.92, as vLLM's own */
  readonly utilization?: number;
  /** 2, or 1 for an fp8 cache. @default 2 */
  readonly kvBytesPerElement?: number;
  /** vLLM's `--max-num-seqs`. @default vLLM's own for the GPU */
  readonly maxSequences?: number;
  /** vLLM's `--max-num-batched-tokens`. @default vLLM's own for the GPU */
  readonly maxBatchedTokens?: number;
  /** Whether CUDA graphs are paid from the budget, as since vLLM 0.21; before, from what is left beside it. @default true */
  readonly graphsInBudget?: boolean;
}

/** One GPU's memory, in GiB. Weights, activation, non-torch, graphs and KV add up to the budget. */
export interface MemoryBudget {
  readonly deviceGib: number;
  /** `utilization` of the device. */
  readonly budgetGib: number;
  readonly weightsGib: number;
  /** Highest need of one forward pass and of sampling after it. */
  readonly activationGib: number;
  /** CUDA context and communication buffers. */
  readonly nonTorchGib: number;
  readonly cudaGraphsGib: number;
  /** What is left for keys and values; below 0 when the rest does not even fit. */
  readonly availableKvGib: number;
  /** One sequence of full length. */
  readonly kvPerSequenceGib: number;
  /** Tokens that fit the cache in sequences of full length. */
  readonly kvTokens: number;
  /** Sequences of full length at the same time, at most `maxSequences`. */
  readonly concurrency: number;
  readonly maxSequences: number;
  readonly maxBatchedTokens: number;
}

export const DEFAULT_UTILIZATION = 0.92;
const GIB = 2 ** 30;
const MIB_PER_GIB = 1024;
const BF16 = 2;
const FP32 = 4;

/**
 * vLLM's `max_num_seqs` and `max_num_batched_tokens` of a server. Large cards get large ones, but not the A100: its capability
 * of 8.0 stands for that here. Source: `get_batch_defaults` in vLLM's `arg_utils.py`; 16384 from 160 GiB on since 0.28.
 */
export function engineDefaults({ deviceMib, computeCapability }: MemoryRequest["gpu"]): {
  maxSequences: number;
  maxBatchedTokens: number;
} {
  if (deviceMib < 70 * MIB_PER_GIB || computeCapability <= 8.0) return { maxSequences: 256, maxBatchedTokens: 2048 };
  return { maxSequences: 1024, maxBatchedTokens: deviceMib < 160 * MIB_PER_GIB ? 8192 : 16384 };
}

/**
 * Copies of the logits, counted in fp32, at the peak of vLLM's sampler while it profiles itself with `max_num_seqs` requests:
 * bf16 and fp32 logits, sorted values and 64-bit indices, probabilities and their sums. Measured: 9.56 to 9.64 on five models
 * with vocabularies of 128 k to 201 k (llm-d-benchmark, empirical-vllm-memory-results, commit 2593348).
 */
const SAMPLER_COPIES = 9.6;
/** Source: the same measurements: 0.13 to 0.14 GiB on one GPU, 0.55 on two. */
const NON_TORCH_GIB = { one: 0.13, several: 0.55 };
/** Source: the same measurements: 0.1 to 1.0 GiB for 24 to 80 layers, with 67 sizes captured. */
const GRAPHS_GIB_PER_LAYER = 0.015;
/** Residual, normalised input and the query, key and value around it, in hidden sizes. */
const HIDDEN_COPIES = 5;

function forwardBytes({ hiddenSize, feedForward }: ModelShape, tokens: number, gpus: number): number {
  const { experts } = feedForward;
  const dense = 3 * (feedForward.size / gpus);
  const routed = experts ? experts.perToken * (3 * (experts.size / gpus) + hiddenSize) : 0;
  return tokens * (HIDDEN_COPIES * hiddenSize + Math.max(dense, routed)) * BF16;
}

function samplerBytes({ hiddenSize, vocabSize }: ModelShape, sequences: number, tokens: number): number {
  // The hidden states of the pass before are still there.
  return SAMPLER_COPIES * sequences * vocabSize * FP32 + tokens * hiddenSize * BF16;
}

/**
 * How one GPU's memory is spent, and how many sequences of full length fit what is left.
 * Checked against vLLM's own figures in `test/planner/memory.test.ts`: KV within 0.2 GiB.
 */
export function memoryBudget(request: MemoryRequest): MemoryBudget {
  const { shape, gpu, tensorParallel, contextTokens, kvBytesPerElement = 2 } = request;
  const defaults = engineDefaults(gpu);
  const maxBatchedTokens = request.maxBatchedTokens ?? defaults.maxBatchedTokens;
  const maxSequences = Math.min(request.maxSequences ?? defaults.maxSequences, maxBatchedTokens);

  const deviceGib = gpu.deviceMib / MIB_PER_GIB;
  const budgetGib = deviceGib * (request.utilization ?? DEFAULT_UTILIZATION);
  const weightsGib = weightBytesPerGpu(shape, request.format ?? shape.nativeFormat, tensorParallel) / GIB;
  const activationGib =
    Math.max(
      samplerBytes(shape, maxSequences, maxBatchedTokens),
      forwardBytes(shape, maxBatchedTokens, tensorParallel),
    ) / GIB;
  const nonTorchGib = tensorParallel === 1 ? NON_TORCH_GIB.one : NON_TORCH_GIB.several;
  const cudaGraphsGib = request.graphsInBudget === false ? 0 : GRAPHS_GIB_PER_LAYER * shape.layers;
  const availableKvGib = budgetGib - weightsGib - activationGib - nonTorchGib - cudaGraphsGib;

  const kvPerSequenceGib = kvBytesPerSequencePerGpu(shape, contextTokens, tensorParallel, kvBytesPerElement) / GIB;
  const sequences = Math.max(0, availableKvGib / kvPerSequenceGib);
  return {
    deviceGib,
    budgetGib,
    weightsGib,
    activationGib,
    nonTorchGib,
    cudaGraphsGib,
    availableKvGib,
    kvPerSequenceGib,
    kvTokens: Math.floor(sequences * contextTokens),
    concurrency: Math.min(maxSequences, Math.floor(sequences)),
    maxSequences,
    maxBatchedTokens,
  };
}
