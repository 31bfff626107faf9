import { describe, expect, test } from "vitest";
import {
  bytesTouchedPerStep,
  expertShareTouched,
  kvBytesPerSequence,
  kvBytesPerToken,
  stateBytesPerSequence,
  weightBytes,
} from "../../planner/bytes";
import { arithmeticOf, isNative, WEIGHT_FORMATS } from "../../planner/formats";
import type { ModelShape, WeightFormat } from "../../planner/model-shape";
import { findModel, MODELS } from "../../planner/models";
import { parameters } from "../../planner/parameters";

const GIB = 2 ** 30;
const model = (name: string): ModelShape => {
  const shape = findModel(name);
  if (!shape) throw new Error(name);
  return shape;
};
const gib = (name: string, format: WeightFormat) => weightBytes(model(name), format) / GIB;

/** Totals and weights active for one token, in billions, computed elsewhere from the configs; the text part only. */
const PUBLISHED: [string, number, number][] = [
  ["meta-llama/Llama-3.2-1B-Instruct", 1.236, 1.236],
  ["meta-llama/Llama-3.2-3B-Instruct", 3.213, 3.213],
  ["meta-llama/Llama-3.1-8B-Instruct", 8.03, 7.505],
  ["meta-llama/Llama-3.3-70B-Instruct", 70.552, 69.502],
  ["meta-llama/Llama-3.1-405B-Instruct", 405.849, 403.748],
  ["meta-llama/Llama-4-Scout-17B-16E-Instruct", 107.769, 16.138],
  ["meta-llama/Llama-4-Maverick-17B-128E-Instruct", 400.711, 16.15],
  ["Qwen/Qwen2.5-7B-Instruct", 7.615, 7.07],
  ["Qwen/Qwen2.5-14B-Instruct", 14.769, 13.991],
  ["Qwen/Qwen2.5-32B-Instruct", 32.763, 31.984],
  ["Qwen/Qwen3-0.6B", 0.596, 0.596],
  ["Qwen/Qwen3-1.7B", 1.72, 1.72],
  ["Qwen/Qwen3-4B", 4.022, 4.022],
  ["Qwen/Qwen3-8B", 8.19, 7.568],
  ["Qwen/Qwen3-14B", 14.768, 13.99],
  ["Qwen/Qwen3-32B", 32.761, 31.984],
  ["Qwen/Qwen3-30B-A3B", 30.532, 3.042],
  ["Qwen/Qwen3-235B-A22B", 235.093, 21.568],
  ["deepseek-ai/DeepSeek-R1", 671.025, 36.625],
  ["microsoft/phi-4", 14.659, 14.145],
  ["openai/gpt-oss-20b", 20.908, 3.607],
  ["openai/gpt-oss-120b", 116.789, 5.131],
  ["allenai/OLMo-2-0325-32B-Instruct", 32.233, 31.719],
  ["allenai/OLMo-2-0425-1B-Instruct", 1.485, 1.279],
  ["mistralai/Mistral-Small-3.1-24B-Instruct-2503", 23.572, 22.901],
  ["mistralai/Mixtral-8x7B-Instruct-v0.1", 46.703, 12.749],
  ["mistralai/Mixtral-8x22B-Instruct-v0.1", 140.62, 38.955],
  ["google/gemma-3-27b-it", 27.008, 27.008],
  // These two from this planner's own formulas, as no other figure counts linear attention with its gates, and the dense part
  // beside the experts; the models are called 27B and 26B-A4B, the second with 0.5 B for pictures.
  ["Qwen/Qwen3.5-27B", 26.895, 25.624],
  ["google/gemma-4-26B-A4B-it", 25.232, 3.821],
];

describe("the table of models", () => {
  test.each(PUBLISHED)("%s has %d B weights, %d B of them active", (name, total, active) => {
    const counted = parameters(model(name));
    expect(Math.abs(counted.total / 1e9 / total - 1)).toBeLessThan(0.0005);
    expect(Math.abs(counted.activePerToken / 1e9 / active - 1)).toBeLessThan(0.001);
    const { total: all, activePerToken, ...parts } = counted;
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(all);
  });

  test("layers of each kind add up, and every model is in the list above", () => {
    for (const { name, layers, attention, feedForward } of Object.values(MODELS)) {
      expect(attention.fullLayers + attention.slidingLayers + attention.linearLayers, name).toBe(layers);
      expect(feedForward.denseLayers === layers, name).toBe(feedForward.experts === undefined);
    }
    // Two entries are other models of the same shape: Llama 3.1 70B and DeepSeek V3.
    expect(Object.keys(MODELS)).toHaveLength(PUBLISHED.length + 2);
  });

  test.each([
    ["RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "meta-llama/Llama-3.3-70B-Instruct"],
    ["nvidia/Llama-3.1-8B-Instruct-FP8", "meta-llama/Llama-3.1-8B-Instruct"],
    ["meta-llama/Meta-Llama-3.1-70B", "meta-llama/Llama-3.1-70B-Instruct"],
    ["Qwen/Qwen3-32B-AWQ", "Qwen/Qwen3-32B"],
    ["gpt-oss-20b", "openai/gpt-oss-20b"],
    ["Qwen/Qwen3-VL-32B-Instruct", undefined],
    ["someone/Llama-3.1-8B-Pirate", undefined],
  ])("%s is found as %s", (name, found) => {
    expect(findModel(name)?.name).toBe(found);
  });
});

describe("bytes of weights", () => {
  test("quantised checkpoints keep embeddings and head in bf16", () => {
    expect(gib("Llama-3.1-8B", "bf16")).toBeCloseTo(14.96, 2);
    expect(gib("Llama-3.1-8B", "fp8")).toBeCloseTo(8.46, 2);
    expect(gib("Llama-3.1-8B", "int4")).toBeCloseTo(5.33, 2);
    expect(gib("Llama-3.3-70B", "int4")).toBeCloseTo(37.03, 2);
    expect(gib("Qwen3-0.6B", "int4")).toBeCloseTo(0.5, 2);
    expect(gib("DeepSeek-R1", "fp8")).toBeCloseTo(626.67, 1);
  });

  test("gpt-oss comes out as vLLM reports it: 13.47 and 64.38 GiB", () => {
    expect(Math.abs(gib("gpt-oss-20b", "mxfp4") - 13.47)).toBeLessThan(0.05);
    expect(Math.abs(gib("gpt-oss-120b", "mxfp4") - 64.38)).toBeLessThan(0.15);
  });

  test("GGUF files come out at their published sizes", () => {
    expect(gib("Llama-3.1-8B", "gguf-q4")).toBeCloseTo(4.58, 1);
    expect(gib("Llama-3.1-8B", "gguf-q2")).toBeCloseTo(2.95, 1);
    expect(weightBytes(model("DeepSeek-R1"), "gguf-1.58") / 1e9).toBeCloseTo(131, 0);
  });

  test("every format takes at most as much as the more exact one before it", () => {
    for (const shape of Object.values(MODELS).filter(({ feedForward }) => feedForward.experts === undefined)) {
      const bytes = WEIGHT_FORMATS.map((format) => weightBytes(shape, format));
      expect(bytes[0]).toBe(2 * parameters(shape).total);
      expect(Math.min(...bytes)).toBe(bytes.at(-1));
      expect(bytes.indexOf(Math.max(...bytes))).toBe(0);
    }
  });
});

describe("bytes of one step", () => {
  test("experts are touched as tokens spread over them", () => {
    const shape = model("openai/gpt-oss-120b");
    expect(expertShareTouched(shape, 1)).toBeCloseTo(4 / 128, 10);
    expect(expertShareTouched(shape, 32)).toBeCloseTo(1 - (1 - 4 / 128) ** 32, 10);
    expect(expertShareTouched(shape, 1e6)).toBe(1);
  });

  test("a dense model reads all but the embedding table; a tied table is read as the head", () => {
    const untied = model("Llama-3.1-8B");
    expect(bytesTouchedPerStep(untied, "bf16", 1) / 2).toBe(parameters(untied).activePerToken + untied.hiddenSize);
    const tied = model("Llama-3.2-1B");
    expect(bytesTouchedPerStep(tied, "bf16", 1)).toBe(weightBytes(tied, "bf16") + 2 * tied.hiddenSize);
  });
});

describe("keys and values", () => {
  test.each([
    ["Llama-3.1-8B", 131072],
    ["Llama-3.3-70B", 327680],
    ["Qwen3-30B-A3B", 98304],
    ["DeepSeek-R1", 70272],
    ["gpt-oss-120b", 73728],
    ["gemma-3-27b", 507904],
    ["Qwen3.5-27B", 65536],
  ])("%s keeps %d bytes a token", (name, bytes) => {
    expect(kvBytesPerToken(model(name))).toBe(bytes);
    expect(kvBytesPerToken(model(name), 1)).toBe(bytes / 2);
  });

  test("a window bounds what sliding layers keep", () => {
    const shape = model("gpt-oss-120b");
    expect(kvBytesPerSequence(shape, 128)).toBe(128 * 73728);
    expect(kvBytesPerSequence(shape, 10_000)).toBe((10_000 * 73728) / 2 + (128 * 73728) / 2);
  });

  test("a linear layer keeps 48 states of 128 x 128 in fp32 and three taps of its convolution", () => {
    const shape = model("Qwen3.5-27B");
    const bytes = 48 * (48 * 128 * 128 * 4 + (2 * 16 * 128 + 48 * 128) * 3 * 2);
    expect(stateBytesPerSequence(shape)).toBe(bytes);
    expect(kvBytesPerSequence(shape, 1000)).toBe(1000 * 65536 + bytes);
  });
});

describe("arithmetic", () => {
  test.each([
    ["fp8", 8.6, "bf16", false],
    ["fp8", 8.0, "bf16", false],
    ["fp8", 8.9, "fp8", true],
    ["fp8", 9.0, "fp8", true],
    ["int8", 8.6, "int8", true],
    ["nvfp4", 9.0, "bf16", false],
    ["nvfp4", 10.0, "fp4", true],
    ["mxfp4", 12.0, "fp4", true],
    ["int4", 10.0, "bf16", false],
    ["bf16", 8.0, "bf16", true],
  ] as const)("%s on compute capability %d is multiplied as %s", (format, capability, arithmetic, native) => {
    expect(arithmeticOf(format, capability)).toBe(arithmetic);
    expect(isNative(format, capability)).toBe(native);
  });
});
