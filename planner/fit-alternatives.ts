import { weightBytes } from "./bytes";
import { budgetOf, type FitRequest, formatOf, replicaSizes, smallestTensorParallel, unfitReason } from "./fit-request";
import { isNative } from "./formats";
import { GPU_NAMES, GPUS, type GpuName } from "./gpus";
import { INSTANCES } from "./instances";
import type { MemoryBudget } from "./memory";
import type { WeightFormat } from "./model-shape";

/** A change that makes a request fit, checked by the same formulas. */
export interface Alternative {
  /** For people, for example `2 h100 instead of 1`. */
  readonly text: string;
  /** The request with the change. */
  readonly request: FitRequest;
  readonly budget: MemoryBudget;
}

const CONTEXT_STEP = 1024;
/** A context below this share of the wanted one is no answer to the wish. */
const LEAST_CONTEXT = 0.25;
const HOW_MANY = 3;

const works = (request: FitRequest) => unfitReason(request) === undefined;

/** The largest context, in steps of 1024 tokens, that fits; by halving, since a longer one never fits better. */
function shorterContext(request: FitRequest): FitRequest | undefined {
  const at = (steps: number): FitRequest => ({ ...request, contextTokens: steps * CONTEXT_STEP });
  let low = 0;
  let high = Math.floor(Math.min(request.contextTokens, request.shape.maxContext) / CONTEXT_STEP);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (works(at(middle))) low = middle;
    else high = middle - 1;
  }
  return low * CONTEXT_STEP >= request.contextTokens * LEAST_CONTEXT && low > 0 ? at(low) : undefined;
}

function moreGpus(request: FitRequest): FitRequest | undefined {
  return replicaSizes(request.gpu)
    .filter((gpus) => gpus > request.tensorParallel)
    .map((tensorParallel) => ({ ...request, tensorParallel }))
    .find(works);
}

/** Formats that quantised copies are published in, the most exact first. */
const PUBLISHED: readonly WeightFormat[] = ["fp8", "nvfp4", "int4"];

function smallerFormat(request: FitRequest): FitRequest | undefined {
  const bytes = weightBytes(request.shape, formatOf(request));
  return PUBLISHED.filter((format) => weightBytes(request.shape, format) < bytes)
    .filter((format) => format !== "nvfp4" || isNative(format, GPUS[request.gpu].computeCapability))
    .map((format) => ({ ...request, format }))
    .find(works);
}

/** The lowest price of an instance with so many of a GPU, in USD an hour. */
function lowestPrice(gpu: GpuName, gpus: number): number {
  const prices = Object.values(INSTANCES)
    .filter((node) => node.gpu === gpu && node.gpus >= gpus)
    .map((node) => node.onDemandUsdPerHour ?? Number.POSITIVE_INFINITY);
  return Math.min(...prices);
}

function otherGpu(request: FitRequest): FitRequest | undefined {
  const options = GPU_NAMES.filter((gpu) => gpu !== request.gpu).flatMap((gpu) => {
    const tensorParallel = smallestTensorParallel({ ...request, gpu });
    return tensorParallel === undefined ? [] : [{ ...request, gpu, tensorParallel }];
  });
  return options.sort((a, b) => lowestPrice(a.gpu, a.tensorParallel) - lowestPrice(b.gpu, b.tensorParallel))[0];
}

/** Fewer sequences at a time need less memory to sample; vLLM's defaults for smaller cards. */
function fewerSequences(request: FitRequest): FitRequest | undefined {
  const smaller = { ...request, maxSequences: 256, maxBatchedTokens: 2048 };
  return budgetOf(request).maxSequences > smaller.maxSequences && works(smaller) ? smaller : undefined;
}

/** What differs, for people. */
function describe(before: FitRequest, after: FitRequest): string {
  const cards = (request: FitRequest) => `${request.tensorParallel} ${request.gpu}`;
  if (after.gpu !== before.gpu) return `${cards(after)} instead of ${cards(before)}`;
  if (after.tensorParallel !== before.tensorParallel) return `${cards(after)} instead of ${before.tensorParallel}`;
  if (after.format !== before.format) return `${after.format} weights instead of ${formatOf(before)}`;
  if (after.contextTokens !== before.contextTokens)
    return `a context of ${after.contextTokens} tokens instead of ${before.contextTokens}`;
  return `--max-num-seqs=${after.maxSequences} and --max-num-batched-tokens=${after.maxBatchedTokens}`;
}

/** Up to three changes that make a request fit: context, GPUs, format, another GPU, fewer sequences, in this order. */
export function alternatives(request: FitRequest): Alternative[] {
  return [shorterContext, moreGpus, smallerFormat, otherGpu, fewerSequences]
    .flatMap((change) => change(request) ?? [])
    .slice(0, HOW_MANY)
    .map((changed) => ({ text: describe(request, changed), request: changed, budget: budgetOf(changed) }));
}
