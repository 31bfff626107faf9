import { attentionOf } from "./config-attention";
import { familyDefaults, matricesOf, UNKNOWN_LAYERS } from "./config-families";
import { nativeFormatOf } from "./config-format";
import { ConfigReader } from "./config-reader";
import type { FeedForwardShape, ModelShape } from "./model-shape";
import { isRecord } from "./record";

/** Layers with experts, by one of the five ways to say so. */
function expertLayersOf(config: ConfigReader, layers: number): number {
  const indices = Array.from({ length: layers }, (_, index) => index);
  const flags = config.list("moe_layer_freq");
  if (flags) return flags.filter((flag) => flag === 1).length;
  const chosen = config.list("moe_layers");
  if (chosen) return chosen.length;
  const only = new Set(config.list("mlp_only_layers") ?? []);
  const first = config.number("first_k_dense_replace", "num_dense_layers") ?? 0;
  const step =
    config.number("decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq", "moe_layer_interval") || 1;
  // DeepSeek counts its frequency from layer 0, Qwen and Llama 4 from 1; with a step of 1, the usual one, both agree.
  const offset = config.number("moe_layer_freq") ? 0 : 1;
  return indices.filter((index) => index >= first && !only.has(index) && (index + offset) % step === 0).length;
}

function sharedOf(config: ConfigReader, size: number, dense: number | undefined): number {
  if (config.family.startsWith("llama4")) return 1;
  // Gemma 4 runs the dense feed-forward beside the experts of the same layer.
  if (config.raw("enable_moe_block") === true) return (dense ?? 0) / size;
  const wide = config.number("shared_expert_intermediate_size", "shared_intermediate_size");
  if (wide) return wide / size;
  return config.number("n_shared_experts", "num_shared_experts", "moe_num_shared_experts") ?? 0;
}

function feedForwardOf(config: ConfigReader, layers: number, hiddenSize: number): FeedForwardShape {
  const matrices = matricesOf(config.family);
  const count = config.number("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts");
  const dense = config.number(
    "intermediate_size_mlp",
    "dense_intermediate_size",
    "intermediate_size",
    "n_inner",
    "ffn_hidden_size",
    "ffn_dim",
  );
  if (!count || count <= 1) {
    const size = dense ?? (matrices === 2 ? 4 * hiddenSize : config.need("intermediate_size"));
    return { size, denseLayers: layers, ...(matrices === 2 ? { matrices } : {}) };
  }
  const size = config.need("moe_intermediate_size", "expert_intermediate_size", "intermediate_size");
  const perToken = config.need(
    "num_experts_per_tok",
    "experts_per_token",
    "top_k_experts",
    "moe_k",
    "num_experts_per_token",
  );
  if (perToken > count) config.missing.push(`a num_experts_per_tok within its ${count} experts (it is ${perToken})`);
  const denseLayers = layers - expertLayersOf(config, layers);
  if (denseLayers > 0 && dense === undefined) config.need("intermediate_size");
  return {
    size: dense ?? size,
    denseLayers,
    ...(matrices === 2 ? { matrices } : {}),
    experts: { count, perToken, size, shared: sharedOf(config, size, dense) },
  };
}

const SENSES = ["vision_config", "audio_config", "visual", "mm_vision_tower", "vision_tower"];

/**
 * The shape of any model from its Hugging Face `config.json`: dense, experts, grouped-query, latent, sliding-window and
 * hybrid linear attention.
 * @throws Error that names every key that is missing, and every setting that no formula here covers.
 */
export function shapeOfConfig(name: string, config: unknown): ModelShape {
  if (!isRecord(config))
    throw new Error(`config of ${name}: expected the object of a config.json, got ${typeof config}`);
  const reader = new ConfigReader(config, familyDefaults);
  const layers = reader.need("num_hidden_layers", "n_layer", "n_layers", "num_layers");
  const hiddenSize = reader.need("hidden_size", "n_embd", "d_model");
  const maxContext = reader.need("max_position_embeddings", "seq_length", "n_positions", "max_sequence_length");
  const perLayerInput = reader.number("hidden_size_per_layer_input");
  const shape: ModelShape = {
    name,
    layers,
    hiddenSize,
    vocabSize: reader.need("vocab_size"),
    tiedEmbeddings: reader.raw("tie_word_embeddings") === true,
    maxContext,
    nativeFormat: nativeFormatOf(name, reader),
    multimodal: reader.nestedIn !== undefined || SENSES.some((key) => key in config),
    attention: attentionOf(reader, layers, hiddenSize, maxContext),
    feedForward: feedForwardOf(reader, layers, hiddenSize),
    ...(perLayerInput ? { perLayerInput } : {}),
  };
  const unknown = Object.entries(UNKNOWN_LAYERS).filter(([key]) => reader.raw(key) !== undefined);
  if (unknown.length > 0)
    throw new Error(
      `config of ${name}: ${unknown.map(([key, what]) => `${what} (${key})`).join(", ")} are not known to the planner`,
    );
  if (reader.missing.length > 0)
    throw new Error(
      `config of ${name} lacks ${[...new Set(reader.missing)].join(", ")}` +
        `${reader.nestedIn === undefined ? "" : ` (looked in ${reader.nestedIn} and above it)`}`,
    );
  return shape;
}
