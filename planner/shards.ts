import { kvBytesPerSequence, stateBytesPerSequence, weightBytes } from "./bytes";
import { formatBytes } from "./formats";
import type { ModelShape, WeightFormat } from "./model-shape";

/** Query heads of every kind of layer must divide among the GPUs; key and value heads divide, or repeat evenly. */
export function tensorParallelWorks({ attention, vocabSize }: ModelShape, gpus: number): boolean {
  const { heads, kvHeads, mla, linear } = attention;
  const evenly = (count: number) => count % gpus === 0 || gpus % count === 0;
  if (heads % gpus !== 0 || vocabSize < gpus) return false;
  if (linear && linear.valueHeads % gpus !== 0) return false;
  return mla !== undefined || evenly(kvHeads);
}

/** Weights that every GPU holds in full, in number: routers, and the down-projections of latent attention. */
function replicatedWeights({ layers, hiddenSize, attention, feedForward }: ModelShape): number {
  const routers = (layers - feedForward.denseLayers) * hiddenSize * (feedForward.experts?.count ?? 0);
  const { mla } = attention;
  const down = mla ? layers * hiddenSize * ((mla.qLoraRank ?? 0) + mla.kvLoraRank + mla.ropeHeadDim) : 0;
  return routers + down;
}

/** Key and value projections of all layers, in number of weights; none are counted for latent attention. */
function keyValueWeights({ hiddenSize, attention }: ModelShape): { kvHeads: number; weights: number }[] {
  const { mla, full, fullLayers, slidingLayers, kvHeads, headDim } = attention;
  if (mla) return [];
  const whole = full ?? { kvHeads, headDim, sharedKeyValue: false };
  return [
    { kvHeads, weights: slidingLayers * 2 * hiddenSize * kvHeads * headDim },
    {
      kvHeads: whole.kvHeads,
      weights: fullLayers * (whole.sharedKeyValue ? 1 : 2) * hiddenSize * whole.kvHeads * whole.headDim,
    },
  ];
}

/**
 * Bytes of weights on one of `gpus` GPUs. All is split evenly but what every GPU needs in full, and key and value heads where
 * there are fewer of them than GPUs.
 */
export function weightBytesPerGpu(shape: ModelShape, format: WeightFormat, gpus: number): number {
  const { linear } = formatBytes(format, shape.feedForward.experts !== undefined);
  const copied = replicatedWeights(shape) * (1 - 1 / gpus);
  const repeated = keyValueWeights(shape).map(
    ({ kvHeads, weights }) => weights * (1 / Math.min(kvHeads, gpus) - 1 / gpus),
  );
  return weightBytes(shape, format) / gpus + (copied + repeated.reduce((sum, more) => sum + more, 0)) * linear;
}

/**
 * Bytes that a sequence of `tokens` tokens keeps on one of `gpus` GPUs. Latent attention keeps all of it on each; heads are
 * split down to one a GPU, and states by their heads.
 */
export function kvBytesPerSequencePerGpu(shape: ModelShape, tokens: number, gpus: number, bytesPerElement = 2): number {
  const { attention } = shape;
  const states = stateBytesPerSequence(shape);
  if (attention.mla) return kvBytesPerSequence(shape, tokens, bytesPerElement) - states + states / gpus;
  const share = (kvHeads: number) => Math.ceil(kvHeads / gpus) / kvHeads;
  const only = (fullLayers: number, slidingLayers: number) =>
    kvBytesPerSequence(
      { ...shape, attention: { ...attention, fullLayers, slidingLayers, linearLayers: 0 } },
      tokens,
      bytesPerElement,
    );
  const whole = only(attention.fullLayers, 0) * share((attention.full ?? attention).kvHeads);
  return whole + only(0, attention.slidingLayers) * share(attention.kvHeads) + states / gpus;
}
