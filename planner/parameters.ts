import type { ModelShape } from "./model-shape";

/** Numbers of weights by what becomes of them: how they are quantised, and how often a step reads them. */
export interface ParameterCounts {
  /** The table of the input tokens. */
  readonly embedding: number;
  /** The output head; 0 where it is the embedding table. */
  readonly head: number;
  readonly attention: number;
  /** Dense feed-forward layers. */
  readonly dense: number;
  /** Routed experts, all of them. */
  readonly experts: number;
  /** Shared experts and routers: with experts, but read for every token. */
  readonly shared: number;
  readonly total: number;
  /** Weights one token is multiplied with: the head and the experts it passes, not the embedding table. */
  readonly activePerToken: number;
}

/** Weights of one layer of softmax attention: query, key, value and output projections. */
function softmaxLayer(hidden: number, heads: number, kvHeads: number, headDim: number, queries: number, keys: number) {
  return hidden * headDim * (heads * queries + kvHeads * keys + heads);
}

/** Source: the layer definitions of DeepSeek V2 and V3: down- and up-projections of queries and of keys and values. */
function mlaLayer({ hiddenSize, attention: { heads, mla } }: ModelShape): number {
  if (!mla) return 0;
  const queryDim = heads * (mla.nopeHeadDim + mla.ropeHeadDim);
  const query = mla.qLoraRank ? mla.qLoraRank * (hiddenSize + queryDim) : hiddenSize * queryDim;
  const keyValue =
    hiddenSize * (mla.kvLoraRank + mla.ropeHeadDim) + mla.kvLoraRank * heads * (mla.nopeHeadDim + mla.valueHeadDim);
  return query + keyValue + heads * mla.valueHeadDim * hiddenSize;
}

/** Gated DeltaNet: projections to query, key, value, gate, two scalars a head, the convolution, and the output. */
function linearLayer({ hiddenSize, attention: { linear } }: ModelShape): number {
  if (!linear) return 0;
  const keys = linear.keyHeads * linear.keyDim;
  const values = linear.valueHeads * linear.valueDim;
  const convolution = (2 * keys + values) * linear.convKernel;
  return hiddenSize * (2 * keys + 3 * values + 2 * linear.valueHeads) + convolution;
}

function attentionWeights(shape: ModelShape): number {
  const { hiddenSize, attention } = shape;
  const { heads, kvHeads, headDim, fullLayers, slidingLayers, linearLayers, full } = attention;
  if (attention.mla) return (fullLayers + slidingLayers) * mlaLayer(shape);
  const queries = attention.outputGate ? 2 : 1;
  const sliding = softmaxLayer(hiddenSize, heads, kvHeads, headDim, queries, 2);
  const whole = full
    ? softmaxLayer(hiddenSize, heads, full.kvHeads, full.headDim, queries, full.sharedKeyValue ? 1 : 2)
    : sliding;
  return fullLayers * whole + slidingLayers * sliding + linearLayers * linearLayer(shape);
}

/**
 * Counts the weights of a model's text part. Norms and biases are left out: together under 0.1 %.
 * Checked against published totals in `test/planner/models.test.ts`.
 */
export function parameters(shape: ModelShape): ParameterCounts {
  const { hiddenSize, vocabSize, layers, feedForward } = shape;
  const table = vocabSize * hiddenSize;
  const embedding = table + vocabSize * layers * (shape.perLayerInput ?? 0);
  const head = shape.tiedEmbeddings ? 0 : table;
  const attention = attentionWeights(shape);
  const matrices = feedForward.matrices ?? 3;
  const dense = feedForward.denseLayers * matrices * hiddenSize * feedForward.size;
  const expertLayers = layers - feedForward.denseLayers;
  const {
    count,
    perToken,
    size,
    shared: multiple,
  } = feedForward.experts ?? { count: 0, perToken: 0, size: 0, shared: 0 };
  const oneOfEach = expertLayers * matrices * hiddenSize * size;
  const shared = oneOfEach * multiple + expertLayers * hiddenSize * count;
  return {
    embedding,
    head,
    attention,
    dense,
    experts: oneOfEach * count,
    shared,
    total: embedding + head + attention + dense + oneOfEach * count + shared,
    activePerToken: table + attention + dense + oneOfEach * perToken + shared,
  };
}
