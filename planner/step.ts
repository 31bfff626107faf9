import { expertShareTouched, weightParts } from "./bytes";
import { allReduceSeconds } from "./collectives";
import { arithmeticOf } from "./formats";
import type { GpuSpec } from "./gpus";
import type { ModelShape, WeightFormat } from "./model-shape";
import { parameters } from "./parameters";
import { kvBytesPerSequencePerGpu } from "./shards";
import type { SpeedConstants } from "./speed-constants";

/** Where one forward pass of a model runs. */
export interface Engine {
  readonly shape: ModelShape;
  readonly format: WeightFormat;
  readonly gpu: GpuSpec;
  /** GPUs that share every layer. */
  readonly tp: number;
  /** @default 2 (bf16) */
  readonly kvBytesPerElement?: number;
}

/** What one forward pass works on. */
export interface StepWork {
  /** Sequences that get one token each. */
  readonly decoding: number;
  /** Tokens each of them has so far. */
  readonly contextTokens: number;
  /** Tokens of a prompt in the same pass; 0 for none. */
  readonly promptTokens: number;
  /** Tokens before one of the prompt's, on average. */
  readonly promptContext: number;
}

/** Seconds of one forward pass by what they are spent on. */
export interface StepSeconds {
  /** Reading and multiplying weights: the slower of the two in each part of the model. */
  readonly weights: number;
  /** Reading the KV cache, and attention within a prompt. */
  readonly attention: number;
  /** Kernels that start and end, however little they do. */
  readonly latency: number;
  readonly communication: number;
}

export const total = (step: StepSeconds): number => step.weights + step.attention + step.latency + step.communication;

/**
 * Kernels of one layer, counted in vLLM's model definitions: attention (norm, query-key-value, rotary embedding, cache write,
 * attention, its merge, output), a dense feed-forward (norm, gate and up, activation, down, and quantisation), experts (norm,
 * router, top-k, sort, two grouped GEMMs with what comes between, weighted sum), the extra projections of latent attention.
 */
const KERNELS = { attention: 7, latent: 6, dense: 5, experts: 10, shared: 3 };

const BF16_BYTES = 2;

function kernels({ layers, attention, feedForward: { denseLayers, experts } }: ModelShape): number {
  const attending = KERNELS.attention + (attention.mla ? KERNELS.latent : 0);
  const routed = KERNELS.experts + (experts?.shared ? KERNELS.shared : 0);
  return layers * attending + denseLayers * KERNELS.dense + (layers - denseLayers) * routed;
}

/** Operations a second at which one GPU multiplies weights of a format. */
export function arithmeticRate(format: WeightFormat, gpu: GpuSpec): number {
  const arithmetic = arithmeticOf(format, gpu.computeCapability);
  // mxfp4 weights meet activations of 8 bits, and a tensor core runs at the rate of the wider operand.
  const rates = {
    bf16: gpu.bf16Tflops,
    fp8: gpu.fp8Tflops,
    int8: gpu.int8Tops,
    fp4: format === "mxfp4" ? gpu.fp8Tflops : gpu.fp4Tflops,
  };
  return (rates[arithmetic] ?? gpu.bf16Tflops) * 1e12;
}

/** Floating point operations of attention for one token that sees `context` others: scores and their weighted sum. */
function attentionOperations({ attention }: ModelShape, context: number): number {
  const { heads, headDim, fullLayers, slidingLayers, window = context, mla } = attention;
  const perPair = 2 * heads * (mla ? mla.nopeHeadDim + mla.ropeHeadDim + mla.valueHeadDim : 2 * headDim);
  return perPair * (fullLayers * context + slidingLayers * Math.min(context, window));
}

/** Seconds of one forward pass. */
export function stepSeconds(engine: Engine, work: StepWork, constants: SpeedConstants): StepSeconds {
  const { shape, format, gpu, tp, kvBytesPerElement = BF16_BYTES } = engine;
  const tokens = work.decoding + work.promptTokens;
  const bytes = weightParts(shape, format);
  const counts = parameters(shape);
  const bandwidth = gpu.bandwidthGBs * 1e9 * constants.bandwidthShare;
  const read = (amount: number) => amount / (tp * bandwidth);
  const multiply = (weights: number, each: WeightFormat, share: number) =>
    (2 * weights * tokens) / (tp * arithmeticRate(each, gpu) * share);
  // mxfp4 checkpoints of mixtures quantise the experts only.
  const denseFormat = format === "mxfp4" && counts.experts > 0 ? "bf16" : format;
  const everyToken = Math.max(
    read(bytes.attention + bytes.dense + bytes.shared),
    multiply(counts.attention + counts.dense + counts.shared, denseFormat, constants.computeShare),
  );
  const { count = 1, perToken = 0 } = shape.feedForward.experts ?? {};
  const routed = Math.max(
    read(bytes.experts * expertShareTouched(shape, tokens)),
    multiply((counts.experts / count) * perToken, format, constants.expertComputeShare),
  );
  const head = read(shape.tiedEmbeddings ? bytes.embedding : bytes.head);
  const cache = work.decoding * kvBytesPerSequencePerGpu(shape, work.contextTokens, tp, kvBytesPerElement);
  const prompt = work.promptTokens * attentionOperations(shape, work.promptContext);
  const eager = work.promptTokens > 0 ? shape.layers * constants.eagerLayerSeconds : 0;
  return {
    weights: everyToken + routed + head,
    attention: cache / bandwidth + prompt / (tp * gpu.bf16Tflops * 1e12 * constants.computeShare),
    latency: kernels(shape) * constants.kernelSeconds + eager,
    // Two a layer: after attention and after the feed-forward.
    communication: 2 * shape.layers * allReduceSeconds(tokens * shape.hiddenSize * BF16_BYTES, tp, gpu, constants),
  };
}
