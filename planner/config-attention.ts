import type { ConfigReader } from "./config-reader";
import type { AttentionShape } from "./model-shape";

type Kinds = Pick<AttentionShape, "fullLayers" | "slidingLayers" | "linearLayers">;

/** Llama 4's chunked layers count as full: vLLM keeps the whole context for them by default. */
const KINDS: Readonly<Record<string, keyof Kinds>> = {
  full_attention: "fullLayers",
  attention: "fullLayers",
  chunked_attention: "fullLayers",
  // It reads a part of the tokens, but keeps all of them.
  deepseek_sparse_attention: "fullLayers",
  sliding_attention: "slidingLayers",
  linear_attention: "linearLayers",
};

function listed(types: readonly unknown[], config: ConfigReader): Kinds {
  const counts = { fullLayers: 0, slidingLayers: 0, linearLayers: 0 };
  for (const type of types) {
    const kind = KINDS[String(type)];
    if (kind) counts[kind] += 1;
    else if (!config.missing.some((fault) => fault.includes(JSON.stringify(type))))
      config.missing.push(
        `a known kind in layer_types (${JSON.stringify(type)}; known: ${Object.keys(KINDS).join(", ")})`,
      );
  }
  return counts;
}

/** How many layers see the whole context, a window, or keep a state; models write it in five ways. */
function kindsOf(config: ConfigReader, layers: number, window: number | undefined): Kinds {
  const split = (fullLayers: number): Kinds => ({ fullLayers, slidingLayers: layers - fullLayers, linearLayers: 0 });
  const types = config.list("layer_types");
  if (types) {
    // Longer lists exist: they name the layers of a draft head too.
    if (types.length < layers)
      config.missing.push(`a kind in layer_types for each of its ${layers} layers (it has ${types.length})`);
    return listed(types.slice(0, layers), config);
  }
  const interval = config.number("full_attention_interval");
  if (interval) {
    const fullLayers = Math.floor(layers / interval);
    return { fullLayers, slidingLayers: 0, linearLayers: layers - fullLayers };
  }
  const flags = config.list("hybrid_layer_pattern");
  if (flags) return split(flags.filter((flag) => flag === 0).length);
  if (window === undefined) return split(layers);
  const pattern = config.number("sliding_window_pattern", "_sliding_window_pattern");
  if (pattern) return split(Math.floor(layers / pattern));
  // Qwen 2 and 3 write a window and whether it counts; then it counts above `max_window_layers` only.
  if (config.raw("use_sliding_window") === true)
    return split(Math.min(layers, config.number("max_window_layers") ?? 0));
  return split(0);
}

function windowOf(config: ConfigReader, maxContext: number): number | undefined {
  const window = config.number("sliding_window", "sliding_window_size");
  if (!window || config.raw("use_sliding_window") === false) return undefined;
  return window < maxContext || config.list("layer_types") ? window : undefined;
}

function mlaOf(config: ConfigReader): AttentionShape["mla"] {
  const kvLoraRank = config.number("kv_lora_rank");
  if (!kvLoraRank) return undefined;
  return {
    qLoraRank: config.number("q_lora_rank") || undefined,
    kvLoraRank,
    ropeHeadDim: config.need("qk_rope_head_dim"),
    nopeHeadDim: config.need("qk_nope_head_dim"),
    valueHeadDim: config.need("v_head_dim"),
  };
}

function linearOf(config: ConfigReader): AttentionShape["linear"] {
  return {
    keyHeads: config.need("linear_num_key_heads"),
    valueHeads: config.need("linear_num_value_heads"),
    keyDim: config.need("linear_key_head_dim"),
    valueDim: config.need("linear_value_head_dim"),
    convKernel: config.need("linear_conv_kernel_dim"),
  };
}

/** Heads of full layers where they differ from those of sliding ones (Gemma 4, MiMo V2). */
function fullHeadsOf(config: ConfigReader, kvHeads: number, headDim: number): AttentionShape["full"] {
  const globalDim = config.number("global_head_dim");
  if (globalDim)
    return {
      kvHeads: config.number("num_global_key_value_heads") ?? kvHeads,
      headDim: globalDim,
      sharedKeyValue: config.raw("attention_k_eq_v") === true,
    };
  return config.number("swa_num_key_value_heads") ? { kvHeads, headDim, sharedKeyValue: false } : undefined;
}

export function attentionOf(
  config: ConfigReader,
  layers: number,
  hiddenSize: number,
  maxContext: number,
): AttentionShape {
  const heads = config.need("num_attention_heads", "n_head", "n_heads");
  const mla = mlaOf(config);
  const kvHeads =
    config.number("num_key_value_heads", "num_kv_heads") ?? (config.raw("multi_query") === true ? 1 : heads);
  const headDim = mla ? mla.nopeHeadDim + mla.ropeHeadDim : (config.number("head_dim") ?? hiddenSize / heads);
  const window = windowOf(config, maxContext);
  const kinds = kindsOf(config, layers, window);
  const full = fullHeadsOf(config, kvHeads, headDim);
  return {
    heads,
    kvHeads: config.number("swa_num_key_value_heads") ?? kvHeads,
    headDim,
    ...kinds,
    ...(kinds.slidingLayers > 0 ? { window: window ?? config.need("sliding_window") } : {}),
    ...(kinds.linearLayers > 0 ? { linear: linearOf(config) } : {}),
    ...(mla ? { mla } : {}),
    ...(config.raw("attn_output_gate") === true ? { outputGate: true } : {}),
    ...(full ? { full } : {}),
  };
}
