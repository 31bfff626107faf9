/**
 * How weights are stored. `int4` is AWQ or GPTQ with one scale per 128 weights; `gguf-1.58` is the dynamic
 * ternary-like packing DeepSeek R1 is known for.
 */
export type WeightFormat = "bf16" | "fp8" | "int8" | "int4" | "nvfp4" | "mxfp4" | "gguf-q4" | "gguf-q2" | "gguf-1.58";

/** Multi-head latent attention (DeepSeek): keys and values are kept as one compressed vector per token and layer. */
export interface MlaShape {
  /** Rank of the query's compression; absent where queries are not compressed. */
  readonly qLoraRank?: number;
  readonly kvLoraRank: number;
  readonly ropeHeadDim: number;
  readonly nopeHeadDim: number;
  readonly valueHeadDim: number;
}

/** A gated linear-attention layer (Gated DeltaNet of Qwen3-Next and Qwen3.5): a state of fixed size per sequence. */
export interface LinearAttentionShape {
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  /** Taps of the short convolution before the state. */
  readonly convKernel: number;
}

export interface AttentionShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Layers that keep keys and values of the whole context. */
  readonly fullLayers: number;
  /** Layers that keep those of the last `window` tokens only. */
  readonly slidingLayers: number;
  /** Tokens a sliding layer sees. */
  readonly window?: number;
  /** Layers without keys and values: they keep a state of fixed size per sequence. */
  readonly linearLayers: number;
  readonly linear?: LinearAttentionShape;
  readonly mla?: MlaShape;
  /** The query projection also makes a gate of the output, so it is twice as wide (Qwen3-Next, Qwen3.5). */
  readonly outputGate?: boolean;
  /** Where full layers differ from sliding ones in their heads (Gemma 4). */
  readonly full?: { readonly kvHeads: number; readonly headDim: number; readonly sharedKeyValue: boolean };
}

export interface ExpertShape {
  /** Routed experts in one layer. */
  readonly count: number;
  /** Routed experts that one token passes. */
  readonly perToken: number;
  /** Intermediate size of one expert. */
  readonly size: number;
  /** What every token passes besides the routed experts, in multiples of `size`. */
  readonly shared: number;
}

export interface FeedForwardShape {
  /** Intermediate size of a dense layer. */
  readonly size: number;
  /** Layers with a dense feed-forward: all of them in a dense model. The others have experts. */
  readonly denseLayers: number;
  /** Matrices of one feed-forward: 3 (gate, up, down) unless told, 2 where there is no gate. */
  readonly matrices?: 2 | 3;
  readonly experts?: ExpertShape;
}

/** What of a model decides its memory and its speed. */
export interface ModelShape {
  /** `owner/name`. */
  readonly name: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  /** The output head is the embedding table. */
  readonly tiedEmbeddings: boolean;
  /** Tokens. */
  readonly maxContext: number;
  /** The format the weights are published in. */
  readonly nativeFormat: WeightFormat;
  /** It has an encoder of pictures or sound besides the text part; only the text part is described here. */
  readonly multimodal: boolean;
  readonly attention: AttentionShape;
  readonly feedForward: FeedForwardShape;
  /** Width of a second embedding that every layer has for each token (Gemma 3n, small Gemma 4). */
  readonly perLayerInput?: number;
}
