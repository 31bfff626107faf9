import { GPUS, type GpuName } from "./gpus";
import { gpuCounts } from "./instances";
import { DEFAULT_UTILIZATION, type MemoryBudget, type MemoryRequest, memoryBudget } from "./memory";
import type { WeightFormat } from "./model-shape";
import { parameters } from "./parameters";
import { tensorParallelWorks } from "./shards";

/** A model on GPUs of the kit. */
export interface FitRequest extends Omit<MemoryRequest, "gpu"> {
  readonly gpu: GpuName;
  /** Sequences of full length that have to fit at a time. @default 1, without which vLLM does not start */
  readonly concurrency?: number;
}

export const formatOf = (request: FitRequest): WeightFormat => request.format ?? request.shape.nativeFormat;

export const budgetOf = (request: FitRequest): MemoryBudget => memoryBudget({ ...request, gpu: GPUS[request.gpu] });

/** GPUs that one replica may take of a GPU model: powers of two, up to the largest instance's. */
export function replicaSizes(gpu: GpuName): number[] {
  return [1, 2, 4, 8].filter((gpus) => gpus <= Math.max(...gpuCounts(gpu)));
}

/** Compute capability from which vLLM runs a format at all: all but fp16, int8 and int4 need Ampere. */
const OLDEST = 7.5;
const oldestFor = (format: WeightFormat) => (["bf16", "int8", "int4"].includes(format) ? OLDEST : 8.0);

/** Why the request cannot run, with the numbers, or undefined when it can. */
export function unfitReason(request: FitRequest, budget = budgetOf(request)): string | undefined {
  const { shape, gpu, tensorParallel, contextTokens, concurrency = 1 } = request;
  const format = formatOf(request);
  const { computeCapability } = GPUS[gpu];
  const cards = tensorParallel === 1 ? `one ${gpu}` : `${tensorParallel} ${gpu}`;
  if (!tensorParallelWorks(shape, tensorParallel))
    return `${shape.name} has ${shape.attention.heads} attention and ${shape.attention.kvHeads} key-value heads, which do not divide among ${tensorParallel} GPUs`;
  if (computeCapability < oldestFor(format))
    return `${gpu} has compute capability ${computeCapability}, ${format} weights need ${oldestFor(format)}`;
  if (contextTokens > shape.maxContext)
    return `${shape.name} knows at most ${shape.maxContext} tokens of context, not ${contextTokens}`;
  if (budget.concurrency >= Math.max(1, concurrency)) return undefined;
  const g = (value: number) => value.toFixed(1);
  const share = Math.round((request.utilization ?? DEFAULT_UTILIZATION) * 100);
  const each = tensorParallel === 1 ? "" : " a GPU";
  const spent =
    `${shape.name} (${g(parameters(shape).total / 1e9)} B weights, ${format}) on ${cards}: ` +
    `${g(budget.weightsGib)} GiB weights${each} + ${g(budget.activationGib)} activation + ` +
    `${g(budget.nonTorchGib + budget.cudaGraphsGib)} CUDA of ${g(budget.budgetGib)} GiB ` +
    `(${share} % of ${g(budget.deviceGib)}) leave ${g(budget.availableKvGib)} GiB for keys and values`;
  if (concurrency <= 1 || budget.concurrency < 1)
    return `${spent}; one sequence of ${contextTokens} tokens needs ${g(budget.kvPerSequenceGib)} GiB`;
  return `${spent}: ${budget.concurrency} sequences of ${contextTokens} tokens at a time, ${concurrency} are wanted`;
}

/** The smallest tensor parallel size that fits, or undefined when none on one node does. */
export function smallestTensorParallel(request: Omit<FitRequest, "tensorParallel">): number | undefined {
  return replicaSizes(request.gpu).find((tensorParallel) => unfitReason({ ...request, tensorParallel }) === undefined);
}
