import { describe, expect, test } from "vitest";
import { kvBytesPerSequence } from "../../planner/bytes";
import { shapeOfConfig } from "../../planner/model-config";
import { MODELS } from "../../planner/models";
import { parameters } from "../../planner/parameters";

/** The settings that matter of published `config.json` files. */
const llama8b = {
  ...{ architectures: ["LlamaForCausalLM"], model_type: "llama", hidden_size: 4096, intermediate_size: 14336 },
  ...{ num_attention_heads: 32, num_hidden_layers: 32, num_key_value_heads: 8, vocab_size: 128256 },
  ...{ max_position_embeddings: 131072, tie_word_embeddings: false },
};
const kinds = (layers: number, every: number, other: string) =>
  Array.from({ length: layers }, (_, index) => ((index + 1) % every === 0 ? "full_attention" : other));
const moe = {
  ...{ model_type: "qwen3_moe", hidden_size: 2048, intermediate_size: 6144, head_dim: 128, vocab_size: 151936 },
  ...{ num_attention_heads: 32, num_hidden_layers: 48, num_key_value_heads: 4, max_position_embeddings: 40960 },
  ...{ num_experts: 128, num_experts_per_tok: 8, moe_intermediate_size: 768, decoder_sparse_step: 1 },
  ...{ mlp_only_layers: [], sliding_window: null, use_sliding_window: false, max_window_layers: 48 },
};

const LISTED: [string, Record<string, unknown>][] = [
  ["meta-llama/Llama-3.1-8B-Instruct", llama8b],
  ["Qwen/Qwen3-30B-A3B", moe],
  [
    "deepseek-ai/DeepSeek-R1",
    {
      ...{ model_type: "deepseek_v3", hidden_size: 7168, intermediate_size: 18432, moe_intermediate_size: 2048 },
      ...{
        first_k_dense_replace: 3,
        moe_layer_freq: 1,
        n_routed_experts: 256,
        n_shared_experts: 1,
        vocab_size: 129280,
      },
      ...{ num_experts_per_tok: 8, num_attention_heads: 128, num_key_value_heads: 128, num_hidden_layers: 61 },
      ...{ q_lora_rank: 1536, kv_lora_rank: 512, qk_nope_head_dim: 128, qk_rope_head_dim: 64, v_head_dim: 128 },
      ...{
        max_position_embeddings: 163840,
        quantization_config: { quant_method: "fp8", weight_block_size: [128, 128] },
      },
    },
  ],
  [
    "openai/gpt-oss-20b",
    {
      ...{ model_type: "gpt_oss", hidden_size: 2880, intermediate_size: 2880, head_dim: 64, vocab_size: 201088 },
      ...{ num_attention_heads: 64, num_key_value_heads: 8, num_hidden_layers: 24, max_position_embeddings: 131072 },
      ...{ num_local_experts: 32, num_experts_per_tok: 4, sliding_window: 128 },
      ...{ layer_types: kinds(24, 2, "sliding_attention"), quantization_config: { quant_method: "mxfp4" } },
    },
  ],
  [
    "Qwen/Qwen3.5-27B",
    {
      model_type: "qwen3_5",
      tie_word_embeddings: false,
      text_config: {
        ...{ model_type: "qwen3_5_text", attn_output_gate: true, full_attention_interval: 4, head_dim: 256 },
        ...{ hidden_size: 5120, intermediate_size: 17408, layer_types: kinds(64, 4, "linear_attention") },
        ...{ linear_conv_kernel_dim: 4, linear_key_head_dim: 128, linear_value_head_dim: 128, vocab_size: 248320 },
        ...{ linear_num_key_heads: 16, linear_num_value_heads: 48, num_attention_heads: 24, num_key_value_heads: 4 },
        ...{ num_hidden_layers: 64, max_position_embeddings: 262144 },
      },
    },
  ],
  [
    "google/gemma-4-26B-A4B-it",
    {
      model_type: "gemma4",
      text_config: {
        ...{ model_type: "gemma4_text", attention_k_eq_v: true, enable_moe_block: true, global_head_dim: 512 },
        ...{ head_dim: 256, hidden_size: 2816, intermediate_size: 2112, moe_intermediate_size: 704, num_experts: 128 },
        ...{ layer_types: kinds(30, 6, "sliding_attention"), sliding_window: 1024, top_k_experts: 8 },
        ...{ num_attention_heads: 16, num_global_key_value_heads: 2, num_key_value_heads: 8, num_hidden_layers: 30 },
        ...{ max_position_embeddings: 262144, vocab_size: 262144, hidden_size_per_layer_input: 0 },
      },
    },
  ],
  [
    "meta-llama/Llama-4-Maverick-17B-128E-Instruct",
    {
      model_type: "llama4",
      text_config: {
        ...{ model_type: "llama4_text", hidden_size: 5120, intermediate_size: 8192, intermediate_size_mlp: 16384 },
        ...{ interleave_moe_layer_step: 2, num_local_experts: 128, num_experts_per_tok: 1, head_dim: 128 },
        ...{ num_attention_heads: 40, num_key_value_heads: 8, num_hidden_layers: 48, vocab_size: 202048 },
        ...{ max_position_embeddings: 1048576, attention_chunk_size: 8192 },
      },
    },
  ],
  [
    "mistralai/Mixtral-8x7B-Instruct-v0.1",
    {
      ...{ model_type: "mixtral", hidden_size: 4096, intermediate_size: 14336, num_attention_heads: 32 },
      ...{ num_hidden_layers: 32, num_key_value_heads: 8, num_local_experts: 8, num_experts_per_tok: 2 },
      ...{ vocab_size: 32000, max_position_embeddings: 32768, sliding_window: null },
    },
  ],
];

test.each(LISTED)("the config of %s gives the listed shape", (name, config) => {
  const read = shapeOfConfig(name, config);
  const listed = MODELS[name];
  if (!listed) throw new Error(name);
  expect(parameters(read)).toEqual(parameters(listed));
  expect(kvBytesPerSequence(read, 99_999)).toBe(kvBytesPerSequence(listed, 99_999));
  const { nativeFormat, multimodal, tiedEmbeddings, maxContext } = listed;
  expect(read).toMatchObject({ name, nativeFormat, multimodal, tiedEmbeddings, maxContext });
});

describe("models in no table", () => {
  test("Gemma 3 leaves out what its class has as default", () => {
    // google/gemma-3-4b-it: 3.88 B weights in the text part, five of 34 layers see the whole context.
    const shape = shapeOfConfig("google/gemma-3-4b-it", {
      model_type: "gemma3",
      text_config: {
        ...{ model_type: "gemma3_text", hidden_size: 2560, intermediate_size: 10240, num_hidden_layers: 34 },
        sliding_window: 1024,
      },
      vision_config: { hidden_size: 1152 },
    });
    expect(parameters(shape).total / 1e9).toBeCloseTo(3.88, 2);
    expect(shape).toMatchObject({ tiedEmbeddings: true, multimodal: true, vocabSize: 262208, maxContext: 131072 });
    expect(shape.attention).toMatchObject({ heads: 8, kvHeads: 4, headDim: 256, fullLayers: 5, slidingLayers: 29 });
  });

  test("Gemma 2 alternates, Mistral 7B v0.1 slides everywhere, Qwen 2 says that its window does not count", () => {
    const gemma2 = shapeOfConfig("google/gemma-2-9b-it", {
      ...{
        model_type: "gemma2",
        hidden_size: 3584,
        intermediate_size: 14336,
        num_hidden_layers: 42,
        vocab_size: 256000,
      },
      ...{ num_attention_heads: 16, num_key_value_heads: 8, head_dim: 256, max_position_embeddings: 8192 },
    });
    expect(parameters(gemma2).total / 1e9).toBeCloseTo(9.24, 2);
    expect(gemma2.attention).toMatchObject({ fullLayers: 21, slidingLayers: 21, window: 4096 });
    const mistral = { ...llama8b, model_type: "mistral", vocab_size: 32000, max_position_embeddings: 32768 };
    const shape = shapeOfConfig("mistralai/Mistral-7B-v0.1", { ...mistral, sliding_window: 4096 });
    expect(parameters(shape).total / 1e9).toBeCloseTo(7.24, 2);
    expect(shape.attention).toMatchObject({ fullLayers: 0, slidingLayers: 32, window: 4096 });
    const qwen = { ...llama8b, model_type: "qwen2", sliding_window: 32768, use_sliding_window: false };
    expect(shapeOfConfig("Qwen/Qwen2", qwen).attention).toMatchObject({ fullLayers: 32, slidingLayers: 0 });
  });

  test("Qwen3-Next: three of four layers are linear, the others gated, one shared expert", () => {
    const shape = shapeOfConfig("Qwen/Qwen3-Next-80B-A3B-Instruct", {
      ...{ model_type: "qwen3_next", hidden_size: 2048, intermediate_size: 5120, head_dim: 256, vocab_size: 151936 },
      ...{ num_attention_heads: 16, num_key_value_heads: 2, num_hidden_layers: 48, max_position_embeddings: 262144 },
      ...{
        num_experts: 512,
        num_experts_per_tok: 10,
        moe_intermediate_size: 512,
        shared_expert_intermediate_size: 512,
      },
      ...{ linear_num_key_heads: 16, linear_num_value_heads: 32, linear_key_head_dim: 128, linear_value_head_dim: 128 },
      ...{ decoder_sparse_step: 1, tie_word_embeddings: false },
    });
    // Published: 80 B weights, 79 without embeddings; 3 B active.
    expect(parameters(shape).total / 1e9).toBeCloseTo(79.67, 1);
    expect(parameters(shape).activePerToken / 1e9).toBeCloseTo(3.56, 1);
    expect(shape.attention).toMatchObject({ fullLayers: 12, linearLayers: 36, outputGate: true });
  });

  test("DeepSeek V2 Lite does not compress its queries", () => {
    const shape = shapeOfConfig("deepseek-ai/DeepSeek-V2-Lite", {
      ...{ model_type: "deepseek_v2", hidden_size: 2048, intermediate_size: 10944, moe_intermediate_size: 1408 },
      ...{ first_k_dense_replace: 1, moe_layer_freq: 1, n_routed_experts: 64, n_shared_experts: 2, vocab_size: 102400 },
      ...{ num_experts_per_tok: 6, num_attention_heads: 16, num_key_value_heads: 16, num_hidden_layers: 27 },
      ...{ q_lora_rank: null, kv_lora_rank: 512, qk_nope_head_dim: 128, qk_rope_head_dim: 64, v_head_dim: 128 },
      max_position_embeddings: 163840,
    });
    expect(parameters(shape).total / 1e9).toBeCloseTo(15.7, 1);
    expect(shape.feedForward).toMatchObject({ denseLayers: 1 });
  });

  test("GPT-2's names and its feed-forward without a gate", () => {
    const shape = shapeOfConfig("openai-community/gpt2", {
      ...{ model_type: "gpt2", n_embd: 768, n_layer: 12, n_head: 12, n_positions: 1024, vocab_size: 50257 },
    });
    expect(parameters(shape).total / 1e6).toBeCloseTo(123.5, 0);
  });
});

describe("formats", () => {
  const group = (weights: Record<string, unknown>) => ({ config_groups: { group_0: { weights } } });
  test.each([
    [{ quant_method: "fp8" }, "fp8"],
    [{ quant_method: "awq", bits: 4 }, "int4"],
    [{ quant_method: "gptq", bits: 8 }, "int8"],
    [{ quant_method: "mxfp4" }, "mxfp4"],
    [{ quant_method: "bitsandbytes", load_in_4bit: true }, "int4"],
    [{ quant_method: "compressed-tensors", ...group({ num_bits: 8, type: "float" }) }, "fp8"],
    [{ quant_method: "compressed-tensors", ...group({ num_bits: 4, type: "int", group_size: 128 }) }, "int4"],
    [{ quant_method: "compressed-tensors", ...group({ num_bits: 8, type: "int" }) }, "int8"],
    [{ quant_method: "compressed-tensors", ...group({ num_bits: 4, type: "float", group_size: 16 }) }, "nvfp4"],
    [{ quant_method: "modelopt", quant_algo: "NVFP4" }, "nvfp4"],
    [{ quant_algo: "FP8" }, "fp8"],
    [
      {
        quant_method: "modelopt",
        quant_algo: "MIXED_PRECISION",
        quantized_layers: { "0.attn.q": { quant_algo: "FP8" }, "0.mlp.up": { quant_algo: "NVFP4" } },
      },
      "nvfp4",
    ],
  ])("%j is %s", (quantization_config, format) => {
    expect(shapeOfConfig("a/b", { ...llama8b, quantization_config }).nativeFormat).toBe(format);
  });

  test("without settings the name tells, and without that bf16", () => {
    expect(shapeOfConfig("nvidia/Llama-3.1-8B-NVFP4", llama8b).nativeFormat).toBe("nvfp4");
    expect(shapeOfConfig("nvidia/Llama-3.1-8B-Instruct-FP8", llama8b).nativeFormat).toBe("fp8");
    expect(shapeOfConfig("a/b", llama8b).nativeFormat).toBe("bf16");
  });
});

describe("what is missing or unknown is told by name", () => {
  test.each([
    [
      { ...llama8b, hidden_size: undefined, vocab_size: "many" },
      "config of a/b lacks hidden_size or n_embd or d_model, vocab_size",
    ],
    [{ ...moe, num_experts_per_tok: undefined }, /^config of a\/b lacks num_experts_per_tok or experts_per_token/],
    [
      { text_config: { ...llama8b, num_hidden_layers: null } },
      "config of a/b lacks num_hidden_layers or n_layer or n_layers or num_layers (looked in text_config and above it)",
    ],
    [{ ...llama8b, kv_lora_rank: 512 }, "config of a/b lacks qk_rope_head_dim, qk_nope_head_dim, v_head_dim"],
    [
      { ...llama8b, layer_types: ["full_attention", "sliding_attention"] },
      "config of a/b lacks a kind in layer_types for each of its 32 layers (it has 2)",
    ],
    [
      { ...moe, num_experts_per_tok: 800 },
      "config of a/b lacks a num_experts_per_tok within its 128 experts (it is 800)",
    ],
    [
      { ...llama8b, layer_types: ["full_attention", ...Array(31).fill("mamba")] },
      'config of a/b lacks a known kind in layer_types ("mamba"; known: full_attention, attention, chunked_attention, deepseek_sparse_attention, sliding_attention, linear_attention)',
    ],
    [
      { ...llama8b, hybrid_override_pattern: "M-M*" },
      "config of a/b: Mamba layers (hybrid_override_pattern) are not known to the planner",
    ],
    [{ ...llama8b, quantization_config: { quant_method: "quip" } }, /its quant_method is "quip"; known: fp8,/],
    ["text", "config of a/b: expected the object of a config.json, got string"],
  ])("%j", (config, message) => {
    expect(() => shapeOfConfig("a/b", config)).toThrow(message);
  });
});
