import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesTouchedPerStep, kvBytesPerSequence, weightParts } from "../../planner/bytes";
import { allReduceSeconds } from "../../planner/collectives";
import { ALL_GPUS, GPUS, type GpuSpec } from "../../planner/gpus";
import type { ModelShape, WeightFormat } from "../../planner/model-shape";
import { MODELS } from "../../planner/models";
import { parameters } from "../../planner/parameters";
import { saturatedTokensPerSecond, timePerOutputToken, timeToFirstToken, type Workload } from "../../planner/speed";
import type { SpeedConstants } from "../../planner/speed-constants";
import { arithmeticRate, type Engine, stepSeconds } from "../../planner/step";

function model(name: string): ModelShape {
  const shape = MODELS[name];
  if (!shape) throw new Error(`no ${name} in the table`);
  return shape;
}

const LLAMA_8B = model("meta-llama/Llama-3.1-8B-Instruct");
const LLAMA_70B = model("meta-llama/Llama-3.3-70B-Instruct");
const GPT_OSS = model("openai/gpt-oss-120b");
const DEEPSEEK = model("deepseek-ai/DeepSeek-R1");

/** An engine that loses nothing: the formulas of the textbook. */
const PERFECT: SpeedConstants = {
  bandwidthShare: 1,
  computeShare: 1,
  expertComputeShare: 1,
  kernelSeconds: 0,
  allReduceSeconds: 0,
  eagerLayerSeconds: 0,
  requestSeconds: 0,
};

const workload = (overrides: Partial<Workload> = {}): Workload => ({
  shape: LLAMA_8B,
  format: "bf16",
  gpu: GPUS.h100,
  tp: 1,
  concurrency: 1,
  inputTokens: 1024,
  outputTokens: 1024,
  ...overrides,
});

const sum = (parts: object): number => Object.values(parts).reduce((all: number, part: number) => all + part, 0);

describe("one step", () => {
  const engine: Engine = { shape: LLAMA_8B, format: "bf16", gpu: GPUS.h100, tp: 1 };
  const decode = { decoding: 1, contextTokens: 2048, promptTokens: 0, promptContext: 0 };

  test("of one sequence on a perfect engine reads weights and KV at the peak", () => {
    const { embedding, head, attention, dense } = weightParts(LLAMA_8B, "bf16");
    expect(embedding).toBe(head);
    const step = stepSeconds(engine, decode, PERFECT);
    expect(step.weights).toBeCloseTo((head + attention + dense) / 3350e9, 12);
    expect(step.attention).toBeCloseTo((2048 * 131_072) / 3350e9, 12);
    expect([step.latency, step.communication]).toEqual([0, 0]);
  });

  test("has 12 kernels a dense layer, 17 a layer of experts, and 26 with latent attention and a shared expert", () => {
    const one = { ...PERFECT, kernelSeconds: 1 };
    expect(stepSeconds(engine, decode, one).latency).toBe(32 * 12);
    expect(stepSeconds({ ...engine, shape: GPT_OSS, format: "mxfp4" }, decode, one).latency).toBe(36 * 17);
    expect(stepSeconds({ ...engine, shape: DEEPSEEK, format: "fp8" }, decode, one).latency).toBe(3 * 18 + 58 * 26);
  });

  test("with a prompt pays each layer's launches and multiplies every weight with every token", () => {
    const prompt = { decoding: 0, contextTokens: 0, promptTokens: 8192, promptContext: 4096 };
    const step = stepSeconds(engine, prompt, { ...PERFECT, eagerLayerSeconds: 0.5 });
    const { attention, dense } = parameters(LLAMA_8B);
    const { head } = weightParts(LLAMA_8B, "bf16");
    expect(step.latency).toBe(16);
    expect(step.weights).toBeCloseTo((2 * (attention + dense) * 8192) / 989e12 + head / 3350e9, 9);
    // Scores and their weighted sum: 4 operations for each pair, head dimension, head and layer.
    expect(step.attention).toBeCloseTo((4 * 8192 * 4096 * 32 * 128 * 32) / 989e12, 9);
  });

  test("divides weights among GPUs, but not the KV cache of latent attention, nor heads that are fewer", () => {
    const one = stepSeconds({ ...engine, shape: DEEPSEEK, format: "fp8" }, decode, PERFECT);
    const eight = stepSeconds({ ...engine, shape: DEEPSEEK, format: "fp8", tp: 8 }, decode, PERFECT);
    expect(eight.weights).toBeCloseTo(one.weights / 8, 12);
    expect(eight.attention).toBe(one.attention);
    const many = (tp: number) => stepSeconds({ ...engine, tp }, decode, PERFECT).attention;
    expect(many(16)).toBe(many(8));
    expect(many(8)).toBeCloseTo(many(1) / 8, 15);
  });
});

test("weights are multiplied in what the GPU can do: Ampere unpacks fp8, and mxfp4 runs at the rate of its activations", () => {
  const a100: GpuSpec = GPUS["a100-80gb"];
  expect(arithmeticRate("fp8", a100)).toBe(312e12);
  expect(arithmeticRate("int8", a100)).toBe(624e12);
  expect(arithmeticRate("fp8", GPUS.l40s)).toBe(733e12);
  expect(arithmeticRate("mxfp4", GPUS.h100)).toBe(989e12);
  expect(arithmeticRate("mxfp4", GPUS.b200)).toBe(4500e12);
  expect(arithmeticRate("nvfp4", GPUS.b200)).toBe(9000e12);
});

test("an all-reduce sends 2(n-1)/n of the bytes over the link, in 2(n-1) hops where there is no NVLink", () => {
  const constants = { ...PERFECT, allReduceSeconds: 1e-5 };
  expect(allReduceSeconds(1e6, 1, GPUS.h100, constants)).toBe(0);
  expect(allReduceSeconds(1e6, 4, GPUS.h100, constants)).toBeCloseTo(1e-5 + 1.5e6 / (450e9 * 0.7), 12);
  expect(allReduceSeconds(1e6, 4, GPUS.l40s, constants)).toBeCloseTo(1e-5 + 6 * 5.7e-6 + 1.5e6 / (32e9 * 0.7), 12);
});

describe("time per output token", () => {
  test("of one client on a perfect engine is the textbook's", () => {
    const read = bytesTouchedPerStep(LLAMA_8B, "bf16", 1) + kvBytesPerSequence(LLAMA_8B, 1536);
    const { seconds, parts } = timePerOutputToken(workload(), PERFECT);
    // The row of the embedding table is the only difference: 8 KiB.
    expect(seconds).toBeCloseTo((read - 2 * 4096) / 3350e9, 15);
    expect(parts.prefill).toBe(0);
  });

  test("carries the prompts of the others: each once an answer, but for those behind which it waits itself", () => {
    const two = workload({ concurrency: 2, gpu: { ...GPUS.h100, bf16Tflops: 98.9 } });
    const { seconds, parts } = timePerOutputToken(two, PERFECT);
    const steps = { contextTokens: 1536, promptContext: 512 };
    const mixed = sum(stepSeconds(two, { ...steps, decoding: 1, promptTokens: 1024 }, PERFECT));
    const plain = sum(stepSeconds(two, { ...steps, decoding: 2, promptTokens: 0 }, PERFECT));
    expect(parts.prefill).toBeGreaterThan((0.95 * (mixed - plain)) / 1024);
    expect(parts.prefill).toBeLessThan((mixed - plain) / 1024);
    expect(seconds).toBeCloseTo(plain + parts.prefill, 12);
  });

  test("stops growing where the KV cache has no room for more, and the time to the first token takes it over", () => {
    const kvCacheBytesPerGpu = 10 * kvBytesPerSequence(LLAMA_8B, 1536);
    const at = (concurrency: number) => workload({ concurrency, kvCacheBytesPerGpu });
    expect(timePerOutputToken(at(40))).toEqual(timePerOutputToken(at(10)));
    const [ten, forty] = [timeToFirstToken(at(10)), timeToFirstToken(at(40))];
    expect(ten.parts.queue).toBe(0);
    // Four times as many clients as places: each waits for three answers.
    const answer = ten.parts.wait + ten.parts.prefill + 1024 * timePerOutputToken(at(10)).seconds;
    expect(forty.parts.queue / answer).toBeGreaterThan(2.98);
    expect(forty.parts.queue / answer).toBeLessThan(3);
  });

  test("is bound by latency and communication, not by bandwidth, on 8 GPUs", () => {
    const { seconds, parts } = timePerOutputToken(workload({ shape: LLAMA_70B, format: "fp8", tp: 8, concurrency: 4 }));
    expect((parts.latency + parts.communication) / seconds).toBeGreaterThan(0.6);
  });
});

describe("time to first token", () => {
  test("of one client is its prefill and the request itself", () => {
    const { seconds, parts } = timeToFirstToken(workload(), { ...PERFECT, requestSeconds: 0.25 });
    expect(parts).toEqual({ queue: 0, wait: 0, prefill: parts.prefill, request: 0.25 });
    expect(seconds).toBe(parts.prefill + 0.25);
  });

  test("on Ampere is no shorter with fp8 weights than with bf16", () => {
    const prefill = (format: WeightFormat, gpu: GpuSpec) =>
      timeToFirstToken(workload({ format, gpu, inputTokens: 2048 }), PERFECT).parts.prefill;
    const saved = (gpu: GpuSpec) => prefill("fp8", gpu) / prefill("bf16", gpu);
    expect(saved(GPUS["a100-80gb"])).toBe(1);
    expect(saved(GPUS.h100)).toBeLessThan(0.6);
  });
});

/** Measured shares of peak bandwidth on GPUs and engines that the constants have not seen, at one sequence. */
test.each([
  ["A100 40 GB, vLLM", GPUS.a100, 0.775],
  ["H100, SGLang", GPUS.h100, 0.65],
  ["A10G, DJL", GPUS.a10g, 0.79],
])("8B in bf16 on %s reaches its measured share of bandwidth within 12 %%", (_, gpu, share) => {
  const { seconds } = timePerOutputToken(workload({ gpu, inputTokens: 512, outputTokens: 512 }));
  const read = bytesTouchedPerStep(LLAMA_8B, "bf16", 1) + kvBytesPerSequence(LLAMA_8B, 768);
  expect(Math.abs(read / seconds / (gpu.bandwidthGBs * 1e9) / share - 1)).toBeLessThan(0.12);
});

const any = fc.record({
  shape: fc.constantFrom(...Object.values(MODELS)),
  format: fc.constantFrom<WeightFormat>("bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"),
  gpu: fc.constantFrom(...Object.values(ALL_GPUS)),
  tp: fc.constantFrom(1, 2, 4, 8),
  concurrency: fc.integer({ min: 1, max: 256 }),
  inputTokens: fc.integer({ min: 1, max: 100_000 }),
  outputTokens: fc.integer({ min: 1, max: 10_000 }),
  kvCacheBytesPerGpu: fc.option(fc.double({ min: 1e9, max: 1e11, noNaN: true }), { nil: undefined }),
});

describe("of any workload", () => {
  test("the parts are no less than 0 and add up", () => {
    fc.assert(
      fc.property(any, (each) => {
        for (const { seconds, parts } of [timePerOutputToken(each), timeToFirstToken(each)]) {
          expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0);
          expect(Math.abs(sum(parts) / seconds - 1)).toBeLessThan(1e-9);
        }
      }),
    );
  });

  test("a faster GPU is never slower", () => {
    const times = fc.double({ min: 1, max: 4, noNaN: true });
    fc.assert(
      fc.property(any, times, times, (each, memory, arithmetic) => {
        const { gpu } = each;
        const faster = {
          ...gpu,
          bandwidthGBs: gpu.bandwidthGBs * memory,
          bf16Tflops: gpu.bf16Tflops * arithmetic,
          fp8Tflops: gpu.fp8Tflops && gpu.fp8Tflops * arithmetic,
          int8Tops: gpu.int8Tops && gpu.int8Tops * arithmetic,
          fp4Tflops: gpu.fp4Tflops && gpu.fp4Tflops * arithmetic,
        };
        const total = (on: GpuSpec) => {
          const work = { ...each, gpu: on };
          return timeToFirstToken(work).seconds + each.outputTokens * timePerOutputToken(work).seconds;
        };
        expect(total(faster)).toBeLessThanOrEqual(total(gpu) * 1.0001);
      }),
    );
  });

  test("more clients never make a token faster", () => {
    fc.assert(
      fc.property(any, (each) => {
        const more = { ...each, concurrency: each.concurrency + 1 };
        expect(timePerOutputToken(more).seconds).toBeGreaterThanOrEqual(timePerOutputToken(each).seconds * 0.9999);
      }),
    );
  });
});

test("saturated tokens a second: as many sequences as fit, each with an answer in a prompt's and its own time", () => {
  const kvCacheBytesPerGpu = 64 * kvBytesPerSequence(LLAMA_8B, 1536);
  const full = workload({ concurrency: 64, kvCacheBytesPerGpu });
  const first = timeToFirstToken(full, PERFECT);
  const token = timePerOutputToken(full, PERFECT).seconds;
  const { wait, prefill } = first.parts;
  const saturated = saturatedTokensPerSecond(full, PERFECT);
  const answer = wait + prefill + 1024 * token;
  // `wait` also has the half step in which the prompt arrives.
  expect(Math.abs((64 * 1024) / answer / saturated - 1)).toBeLessThan(0.001);
  expect(saturatedTokensPerSecond({ ...full, kvCacheBytesPerGpu: kvCacheBytesPerGpu / 8 }, PERFECT)).toBeLessThan(
    saturated,
  );
});
