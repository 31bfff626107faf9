import type { Json } from "./config-reader";

/**
 * A `config.json` leaves out what equals the defaults of its class. These are the defaults that matter, by `model_type`.
 * Source: the configuration classes of Hugging Face transformers 5.5.
 */
const DEFAULTS: Readonly<Record<string, Json>> = {
  gemma: { tie_word_embeddings: true },
  gemma2: { tie_word_embeddings: true, sliding_window: 4096, sliding_window_pattern: 2, head_dim: 256 },
  gemma3_text: {
    tie_word_embeddings: true,
    vocab_size: 262208,
    max_position_embeddings: 131072,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    sliding_window: 4096,
    sliding_window_pattern: 6,
  },
  gemma4_text: { tie_word_embeddings: true, sliding_window: 512 },
  cohere: { tie_word_embeddings: true },
  cohere2: { tie_word_embeddings: true, sliding_window_pattern: 4 },
  qwen3_next: { attn_output_gate: true, full_attention_interval: 4, linear_conv_kernel_dim: 4 },
  gpt2: { tie_word_embeddings: true },
  opt: { tie_word_embeddings: true },
  falcon: { tie_word_embeddings: true },
  starcoder2: { tie_word_embeddings: true },
};

export const familyDefaults = (family: string): Json => DEFAULTS[family] ?? {};

/** Families whose feed-forward has no gate: two matrices instead of three. */
const WITHOUT_GATE = [
  "gpt2",
  "opt",
  "falcon",
  "starcoder2",
  "nemotron",
  "phi",
  "gpt_neox",
  "bloom",
  "mpt",
  "gpt_bigcode",
];

export const matricesOf = (family: string): 2 | 3 => (WITHOUT_GATE.includes(family) ? 2 : 3);

/** Settings of layers that no formula here covers, with what they are; better refused than guessed. */
export const UNKNOWN_LAYERS: Readonly<Record<string, string>> = {
  hybrid_override_pattern: "Mamba layers",
  layers_block_type: "Mamba layers",
  mamba_d_state: "Mamba layers",
  mamba_n_heads: "Mamba layers",
  attn_layer_period: "Mamba layers",
  linear_attn_config: "Kimi's linear attention layers",
  compress_ratios: "layers with compressed attention",
  moe_latent_size: "experts in a latent space",
  routed_expert_hidden_size: "experts in a latent space",
  block_configs: "layers that differ from each other",
};
