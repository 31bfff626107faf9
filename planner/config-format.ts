import type { ConfigReader, Json } from "./config-reader";
import type { WeightFormat } from "./model-shape";
import { isRecord } from "./record";

/** The format behind a method whose number of bits is written beside it. */
const byBits = (bits: unknown): WeightFormat | undefined => (bits === 4 ? "int4" : bits === 8 ? "int8" : undefined);

/** compressed-tensors and newer ModelOpt describe groups of layers; the first group is the linear layers. */
function ofGroups(settings: Json): WeightFormat | undefined {
  const groups = isRecord(settings.config_groups) ? Object.values(settings.config_groups) : [];
  const weights = groups.map((group) => (isRecord(group) && isRecord(group.weights) ? group.weights : undefined))[0];
  if (!weights) return undefined;
  if (weights.type === "int") return byBits(weights.num_bits);
  if (weights.num_bits === 8) return "fp8";
  if (weights.num_bits === 4) return weights.group_size === 32 ? "mxfp4" : "nvfp4";
  return undefined;
}

/** A mix of formats: that of most feed-forward layers, which hold most weights. */
function ofLayers(settings: Json): WeightFormat | undefined {
  if (!isRecord(settings.quantized_layers)) return undefined;
  const layers = Object.entries(settings.quantized_layers);
  const wide = layers.filter(([name]) => /expert|mlp|ffn/.test(name));
  const formats = (wide.length > 0 ? wide : layers).map(([, layer]) =>
    isRecord(layer) ? ofAlgorithm(layer) : undefined,
  );
  const count = (format: WeightFormat | undefined) => formats.filter((other) => other === format).length;
  return formats.reduce((best, format) => (count(format) > count(best) ? format : best), formats[0]);
}

function ofAlgorithm(settings: Json): WeightFormat | undefined {
  const algorithm = String(settings.quant_algo ?? "").toUpperCase();
  if (algorithm.includes("NVFP4")) return "nvfp4";
  if (algorithm.includes("MXFP4")) return "mxfp4";
  if (algorithm.includes("FP8")) return "fp8"; // MXFP8 as well: its scales are 3 % more.
  return /^(W4A16|INT4)/.test(algorithm) ? "int4" : undefined;
}

const ofModelOpt = (settings: Json) => ofAlgorithm(settings) ?? ofLayers(settings) ?? ofGroups(settings);

const METHODS: Readonly<Record<string, (settings: Json) => WeightFormat | undefined>> = {
  fp8: () => "fp8",
  fbgemm_fp8: () => "fp8",
  mxfp4: () => "mxfp4",
  awq: ({ bits, w_bit }) => byBits(bits ?? w_bit ?? 4),
  gptq: ({ bits }) => byBits(bits ?? 4),
  auto_round: ({ bits }) => byBits(bits ?? 4),
  "auto-round": ({ bits }) => byBits(bits ?? 4),
  bitsandbytes: ({ load_in_8bit }) => (load_in_8bit === true ? "int8" : "int4"),
  "compressed-tensors": ofGroups,
  modelopt: ofModelOpt,
  modelopt_fp4: () => "nvfp4",
};

/** Checkpoints of ModelOpt may keep the format in a file of its own, so that only the name tells it. */
const BY_NAME: readonly [RegExp, WeightFormat][] = [
  [/[-_](nv)?fp4\b/i, "nvfp4"],
  [/[-_]mxfp4\b/i, "mxfp4"],
  [/[-_]fp8\b/i, "fp8"],
  [/[-_](awq|gptq|int4|w4a16)\b/i, "int4"],
  [/[-_](int8|w8a8)\b/i, "int8"],
];

/** The format that a repository's name tells, if any. */
export const formatInName = (name: string): WeightFormat | undefined =>
  BY_NAME.find(([pattern]) => pattern.test(name))?.[1];

/** The format that the published weights have. Adds to `missing` what it cannot tell. */
export function nativeFormatOf(name: string, config: ConfigReader): WeightFormat {
  const settings = config.raw("quantization_config", "compression_config");
  if (!isRecord(settings)) return formatInName(name) ?? "bf16";
  const method = String(settings.quant_method ?? "modelopt").toLowerCase();
  const format = ofLayers(settings) ?? METHODS[method]?.(settings);
  if (format) return format;
  config.missing.push(
    `a quantization_config that the planner knows (its quant_method is ${JSON.stringify(method)}; known: ${Object.keys(METHODS).join(", ")})`,
  );
  return "bf16";
}
