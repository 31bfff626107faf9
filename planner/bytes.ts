import { formatBytes } from "./formats";
import type { ModelShape, WeightFormat } from "./model-shape";
import { parameters } from "./parameters";

/** Bytes of weights by the part of the model they belong to. */
export interface WeightParts {
  readonly embedding: number;
  readonly head: number;
  readonly attention: number;
  readonly dense: number;
  readonly experts: number;
  readonly shared: number;
}

export function weightParts(shape: ModelShape, format: WeightFormat): WeightParts {
  const counts = parameters(shape);
  const each = formatBytes(format, counts.experts > 0);
  const multiple = each.expertRowMultiple ?? 1;
  const padding = (Math.ceil(shape.hiddenSize / multiple) * multiple) / shape.hiddenSize;
  return {
    // A tied table is also the head, so it keeps the precision of a head.
    embedding: counts.embedding * (shape.tiedEmbeddings ? each.head : each.embedding),
    head: counts.head * each.head,
    attention: counts.attention * each.linear,
    dense: counts.dense * each.linear,
    experts: counts.experts * each.experts * padding,
    shared: counts.shared * each.linear,
  };
}

/** Bytes of all weights of the text part, over all GPUs. */
export function weightBytes(shape: ModelShape, format: WeightFormat): number {
  return Object.values(weightParts(shape, format)).reduce((sum, bytes) => sum + bytes, 0);
}

/** The share of a layer's experts that at least one of `tokens` tokens is sent to, if each picks at random: 1-(1-k/E)^n. */
export function expertShareTouched(shape: ModelShape, tokens: number): number {
  const { experts } = shape.feedForward;
  return experts ? 1 - (1 - experts.perToken / experts.count) ** tokens : 0;
}

/**
 * Bytes of weights read from GPU memory, over all GPUs, in one forward pass over `tokens` tokens. Of the embedding table only
 * the rows of the tokens are read; of the experts those that a token is sent to.
 */
export function bytesTouchedPerStep(shape: ModelShape, format: WeightFormat, tokens: number): number {
  const parts = weightParts(shape, format);
  const rows = (parts.embedding / shape.vocabSize) * Math.min(tokens, shape.vocabSize);
  const table = shape.hiddenSize / (shape.hiddenSize + shape.layers * (shape.perLayerInput ?? 0));
  const head = shape.tiedEmbeddings ? parts.embedding * table : parts.head;
  return rows + head + parts.attention + parts.dense + parts.shared + parts.experts * expertShareTouched(shape, tokens);
}

/** Numbers kept for one token in one full layer, and in one sliding layer. */
function kvElements({ attention }: ModelShape): { full: number; sliding: number } {
  const { kvHeads, headDim, mla, full } = attention;
  if (mla) return { full: mla.kvLoraRank + mla.ropeHeadDim, sliding: mla.kvLoraRank + mla.ropeHeadDim };
  const sliding = 2 * kvHeads * headDim;
  return { full: full ? 2 * full.kvHeads * full.headDim : sliding, sliding };
}

/** Bytes of keys and values that one more token adds before any window is full, over all GPUs. */
export function kvBytesPerToken(shape: ModelShape, kvBytesPerElement = 2): number {
  const { full, sliding } = kvElements(shape);
  const { fullLayers, slidingLayers } = shape.attention;
  return (fullLayers * full + slidingLayers * sliding) * kvBytesPerElement;
}

/** A state is kept in fp32 (`mamba_ssm_dtype` of the Qwen3-Next and Qwen3.5 configs), the convolution's in bf16. */
const STATE_BYTES = 4;
const CONVOLUTION_BYTES = 2;

/** Bytes of the linear layers' states of one sequence, whatever its length. */
export function stateBytesPerSequence({ attention: { linear, linearLayers } }: ModelShape): number {
  if (!linear) return 0;
  const state = linear.valueHeads * linear.keyDim * linear.valueDim * STATE_BYTES;
  const channels = 2 * linear.keyHeads * linear.keyDim + linear.valueHeads * linear.valueDim;
  return linearLayers * (state + channels * (linear.convKernel - 1) * CONVOLUTION_BYTES);
}

/** Bytes that a sequence of `tokens` tokens keeps, over all GPUs: whole layers, windows and states. */
export function kvBytesPerSequence(shape: ModelShape, tokens: number, kvBytesPerElement = 2): number {
  const { full, sliding } = kvElements(shape);
  const { fullLayers, slidingLayers, window = tokens } = shape.attention;
  const kept = fullLayers * full * tokens + slidingLayers * sliding * Math.min(tokens, window);
  return kept * kvBytesPerElement + stateBytesPerSequence(shape);
}
