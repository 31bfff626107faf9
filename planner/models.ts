import { formatInName } from "./config-format";
import type { ModelShape } from "./model-shape";

/** Layers, hidden size, query heads, key and value heads, head dimension, feed-forward size, vocabulary, context (tokens). */
type Dense = [number, number, number, number, number, number, number, number];

type Traits = Partial<Pick<ModelShape, "tiedEmbeddings" | "nativeFormat" | "multimodal">>;
const TIED: Traits = { tiedEmbeddings: true };
const PICTURES: Traits = { multimodal: true };

function dense(name: string, row: Dense, traits: Traits = {}): ModelShape {
  const [layers, hiddenSize, heads, kvHeads, headDim, size, vocabSize, maxContext] = row;
  return {
    name,
    layers,
    hiddenSize,
    vocabSize,
    tiedEmbeddings: false,
    maxContext,
    nativeFormat: "bf16",
    multimodal: false,
    attention: { heads, kvHeads, headDim, fullLayers: layers, slidingLayers: 0, linearLayers: 0 },
    feedForward: { size, denseLayers: layers },
    ...traits,
  };
}

/** Experts in a layer, experts a token passes, size of one, shared ones, and layers without experts. */
type Experts = [number, number, number, number, number];

function mixture(name: string, row: Dense, experts: Experts, traits: Traits = {}): ModelShape {
  const shape = dense(name, row, traits);
  const [count, perToken, size, shared, denseLayers] = experts;
  return { ...shape, feedForward: { ...shape.feedForward, denseLayers, experts: { count, perToken, size, shared } } };
}

/** Some layers see the last `window` tokens only. */
function sliding(shape: ModelShape, fullLayers: number, window: number): ModelShape {
  const slidingLayers = shape.layers - fullLayers;
  return { ...shape, attention: { ...shape.attention, fullLayers, slidingLayers, window } };
}

/** Some layers keep a state of fixed size (Gated DeltaNet) and the others gate their output. */
function hybrid(shape: ModelShape, fullLayers: number, keyHeads: number, valueHeads: number): ModelShape {
  const linearLayers = shape.layers - fullLayers;
  const linear = { keyHeads, valueHeads, keyDim: 128, valueDim: 128, convKernel: 4 };
  return { ...shape, attention: { ...shape.attention, fullLayers, linearLayers, linear, outputGate: true } };
}

function latent(shape: ModelShape): ModelShape {
  const mla = { qLoraRank: 1536, kvLoraRank: 512, ropeHeadDim: 64, nopeHeadDim: 128, valueHeadDim: 128 };
  return { ...shape, attention: { ...shape.attention, mla } };
}

function gemma4(shape: ModelShape): ModelShape {
  const full = { kvHeads: 2, headDim: 512, sharedKeyValue: true };
  const { attention } = sliding(shape, 5, 1024);
  return { ...shape, attention: { ...attention, full } };
}

/**
 * Sources: `config.json` of each model on the Hugging Face Hub. The text part only; DeepSeek without its module that predicts
 * two tokens (14 B). Llama 4 Maverick has experts in every second layer; its others are twice as wide. Llama 4's chunked
 * attention counts as full: vLLM keeps the whole context for it by default. Gemma 4 has a dense part beside the experts, as
 * wide as three of them.
 */
const SHAPES: ModelShape[] = [
  dense("meta-llama/Llama-3.2-1B-Instruct", [16, 2048, 32, 8, 64, 8192, 128256, 131072], TIED),
  dense("meta-llama/Llama-3.2-3B-Instruct", [28, 3072, 24, 8, 128, 8192, 128256, 131072], TIED),
  dense("meta-llama/Llama-3.1-8B-Instruct", [32, 4096, 32, 8, 128, 14336, 128256, 131072]),
  dense("meta-llama/Llama-3.1-70B-Instruct", [80, 8192, 64, 8, 128, 28672, 128256, 131072]),
  dense("meta-llama/Llama-3.3-70B-Instruct", [80, 8192, 64, 8, 128, 28672, 128256, 131072]),
  dense("meta-llama/Llama-3.1-405B-Instruct", [126, 16384, 128, 8, 128, 53248, 128256, 131072]),
  mixture(
    "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    [48, 5120, 40, 8, 128, 16384, 202048, 10485760],
    [16, 1, 8192, 1, 0],
    PICTURES,
  ),
  mixture(
    "meta-llama/Llama-4-Maverick-17B-128E-Instruct",
    [48, 5120, 40, 8, 128, 16384, 202048, 1048576],
    [128, 1, 8192, 1, 24],
    PICTURES,
  ),
  dense("Qwen/Qwen2.5-7B-Instruct", [28, 3584, 28, 4, 128, 18944, 152064, 32768]),
  dense("Qwen/Qwen2.5-14B-Instruct", [48, 5120, 40, 8, 128, 13824, 152064, 32768]),
  dense("Qwen/Qwen2.5-32B-Instruct", [64, 5120, 40, 8, 128, 27648, 152064, 32768]),
  dense("Qwen/Qwen3-0.6B", [28, 1024, 16, 8, 128, 3072, 151936, 40960], TIED),
  dense("Qwen/Qwen3-1.7B", [28, 2048, 16, 8, 128, 6144, 151936, 40960], TIED),
  dense("Qwen/Qwen3-4B", [36, 2560, 32, 8, 128, 9728, 151936, 40960], TIED),
  dense("Qwen/Qwen3-8B", [36, 4096, 32, 8, 128, 12288, 151936, 40960]),
  dense("Qwen/Qwen3-14B", [40, 5120, 40, 8, 128, 17408, 151936, 40960]),
  dense("Qwen/Qwen3-32B", [64, 5120, 64, 8, 128, 25600, 151936, 40960]),
  mixture("Qwen/Qwen3-30B-A3B", [48, 2048, 32, 4, 128, 6144, 151936, 40960], [128, 8, 768, 0, 0]),
  mixture("Qwen/Qwen3-235B-A22B", [94, 4096, 64, 4, 128, 12288, 151936, 40960], [128, 8, 1536, 0, 0]),
  latent(
    mixture("deepseek-ai/DeepSeek-V3", [61, 7168, 128, 128, 128, 18432, 129280, 163840], [256, 8, 2048, 1, 3], {
      nativeFormat: "fp8",
    }),
  ),
  latent(
    mixture("deepseek-ai/DeepSeek-R1", [61, 7168, 128, 128, 128, 18432, 129280, 163840], [256, 8, 2048, 1, 3], {
      nativeFormat: "fp8",
    }),
  ),
  dense("microsoft/phi-4", [40, 5120, 40, 10, 128, 17920, 100352, 16384]),
  sliding(
    mixture("openai/gpt-oss-20b", [24, 2880, 64, 8, 64, 2880, 201088, 131072], [32, 4, 2880, 0, 0], {
      nativeFormat: "mxfp4",
    }),
    12,
    128,
  ),
  sliding(
    mixture("openai/gpt-oss-120b", [36, 2880, 64, 8, 64, 2880, 201088, 131072], [128, 4, 2880, 0, 0], {
      nativeFormat: "mxfp4",
    }),
    18,
    128,
  ),
  dense("allenai/OLMo-2-0325-32B-Instruct", [64, 5120, 40, 8, 128, 27648, 100352, 4096]),
  dense("allenai/OLMo-2-0425-1B-Instruct", [16, 2048, 16, 16, 128, 8192, 100352, 4096]),
  dense("mistralai/Mistral-Small-3.1-24B-Instruct-2503", [40, 5120, 32, 8, 128, 32768, 131072, 131072], PICTURES),
  mixture("mistralai/Mixtral-8x7B-Instruct-v0.1", [32, 4096, 32, 8, 128, 14336, 32000, 32768], [8, 2, 14336, 0, 0]),
  mixture("mistralai/Mixtral-8x22B-Instruct-v0.1", [56, 6144, 48, 8, 128, 16384, 32000, 65536], [8, 2, 16384, 0, 0]),
  sliding(
    dense("google/gemma-3-27b-it", [62, 5376, 32, 16, 128, 21504, 262144, 131072], { ...TIED, ...PICTURES }),
    10,
    1024,
  ),
  hybrid(dense("Qwen/Qwen3.5-27B", [64, 5120, 24, 4, 256, 17408, 248320, 262144], PICTURES), 16, 16, 48),
  gemma4(
    mixture("google/gemma-4-26B-A4B-it", [30, 2816, 16, 8, 256, 2112, 262144, 262144], [128, 8, 704, 3, 0], {
      ...TIED,
      ...PICTURES,
    }),
  ),
];

/** Shapes by Hugging Face id. */
export const MODELS: Readonly<Record<string, ModelShape>> = Object.fromEntries(
  SHAPES.map((shape) => [shape.name, shape]),
);

/** What quantised or renamed copies add to a name without changing the shape. */
const ADDED =
  /^meta-|-(instruct|it|hf|fp8|nvfp4|fp4|mxfp4|awq|gptq|int[48]|w4a16|w8a8|dynamic|static|gguf|\d{4}|v0\.1)(?=-|$)/g;

const withoutOwner = (name: string): string => name.split("/").at(-1) ?? name;

/** A name without its owner, its format and the word for a model tuned to instructions. */
const plainName = (name: string): string => withoutOwner(name).toLowerCase().replace(ADDED, "");

const BY_PLAIN_NAME = new Map(SHAPES.map((shape) => [plainName(shape.name), shape]));

/**
 * The listed shape of a model or of a copy of it in another format (`RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic`), whose
 * format is then the one that its name says.
 */
export function findModel(name: string): ModelShape | undefined {
  const listed = MODELS[name];
  if (listed) return listed;
  const base = BY_PLAIN_NAME.get(plainName(name));
  const named = formatInName(withoutOwner(name));
  return base && named ? { ...base, nativeFormat: named } : base;
}
