import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kvBytesPerSequence, weightBytes } from "../../planner/bytes";
import { WEIGHT_FORMATS } from "../../planner/formats";
import { ALL_GPUS, GPU_NAMES, GPUS, gpuKey } from "../../planner/gpus";
import { engineDefaults, type MemoryRequest, memoryBudget } from "../../planner/memory";
import type { ModelShape } from "../../planner/model-shape";
import { findModel, MODELS } from "../../planner/models";
import { kvBytesPerSequencePerGpu, tensorParallelWorks, weightBytesPerGpu } from "../../planner/shards";

const model = (name: string): ModelShape => {
  const shape = findModel(name);
  if (!shape) throw new Error(name);
  return shape;
};

const rows = readFileSync(join(__dirname, "../data/measured-memory.csv"), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => {
    const [name = "", gpu = "", tp, context, utilization, device, weights, activation, nonTorch, , kv, status] =
      line.split(",");
    const number = (text: string | undefined) => (text ? Number(text) : undefined);
    return {
      ...{ name, gpu, tp: Number(tp), context: Number(context), utilization: Number(utilization), status },
      ...{ device: Number(device), weights: number(weights), activation: number(activation) },
      ...{ nonTorch: number(nonTorch), kv: number(kv) },
    };
  });

describe("what vLLM reported", () => {
  test.each(rows)("$name on $tp $gpu, context $context: $status", (row) => {
    const gpu = ALL_GPUS[gpuKey(row.gpu) ?? ""];
    if (!gpu) throw new Error(row.gpu);
    const budget = memoryBudget({
      shape: model(row.name),
      format: row.name.endsWith("FP8") ? "fp8" : undefined,
      gpu,
      tensorParallel: row.tp,
      contextTokens: row.context,
      utilization: row.utilization,
      graphsInBudget: false,
    });
    expect(Math.abs(budget.deviceGib - row.device)).toBeLessThan(0.01);
    if (row.weights !== undefined) expect(Math.abs(budget.weightsGib - row.weights)).toBeLessThan(0.15);
    if (row.activation !== undefined) expect(Math.abs(budget.activationGib - row.activation)).toBeLessThan(0.05);
    if (row.nonTorch !== undefined) expect(Math.abs(budget.nonTorchGib - row.nonTorch)).toBeLessThan(0.02);
    if (row.kv !== undefined) expect(Math.abs(budget.availableKvGib - row.kv)).toBeLessThan(0.2);
    expect(budget.concurrency >= 1).toBe(row.status === "ok");
  });

  test("all ten rows are there", () => {
    expect(rows).toHaveLength(10);
  });
});

describe("vLLM's own limits", () => {
  test.each([
    ["l40s", 256, 2048],
    ["a100-80gb", 256, 2048],
    ["h100", 1024, 8192],
    ["rtx-pro-6000", 1024, 8192],
    ["b200", 1024, 16384],
  ] as const)("%s: %d sequences, %d tokens", (gpu, maxSequences, maxBatchedTokens) => {
    expect(engineDefaults(GPUS[gpu])).toEqual({ maxSequences, maxBatchedTokens });
  });
});

describe("tensor parallel", () => {
  test("what does not divide is told", () => {
    expect([1, 2, 3, 4, 8].map((gpus) => tensorParallelWorks(model("Llama-3.1-8B"), gpus))).toEqual([
      ...[true, true, false, true, true],
    ]);
    // 28 heads and 4 key-value heads; 40 heads and 10 of them.
    expect([4, 8].map((gpus) => tensorParallelWorks(model("Qwen2.5-7B"), gpus))).toEqual([true, false]);
    expect([2, 4].map((gpus) => tensorParallelWorks(model("phi-4"), gpus))).toEqual([true, false]);
  });

  test("with fewer key-value heads than GPUs each GPU keeps one", () => {
    const shape = model("Qwen3-30B-A3B");
    expect(kvBytesPerSequencePerGpu(shape, 1000, 4)).toBe(kvBytesPerSequence(shape, 1000) / 4);
    expect(kvBytesPerSequencePerGpu(shape, 1000, 8)).toBe(kvBytesPerSequence(shape, 1000) / 4);
    const repeated = 48 * 2 * 2048 * 4 * 128 * (1 / 4 - 1 / 8) + 48 * 2048 * 128 * (1 - 1 / 8);
    expect(weightBytesPerGpu(shape, "bf16", 8)).toBeCloseTo(weightBytes(shape, "bf16") / 8 + 2 * repeated, 0);
  });

  test("latent attention keeps its whole cache on each GPU", () => {
    const shape = model("DeepSeek-R1");
    expect(kvBytesPerSequencePerGpu(shape, 1000, 8)).toBe(1000 * 70272);
  });

  test("one GPU holds everything, and more never hold less together", () => {
    for (const shape of Object.values(MODELS)) {
      expect(weightBytesPerGpu(shape, "fp8", 1)).toBeCloseTo(weightBytes(shape, "fp8"), 0);
      for (const gpus of [2, 4, 8]) {
        expect(gpus * weightBytesPerGpu(shape, "fp8", gpus)).toBeGreaterThanOrEqual(weightBytes(shape, "fp8") - 1);
        expect(weightBytesPerGpu(shape, "fp8", gpus)).toBeLessThan(weightBytesPerGpu(shape, "fp8", gpus / 2));
      }
    }
  });
});

const request = fc.record({
  shape: fc.constantFrom(...Object.values(MODELS)),
  format: fc.constantFrom(...WEIGHT_FORMATS),
  gpu: fc.constantFrom(...GPU_NAMES.map((name) => GPUS[name])),
  tensorParallel: fc.constantFrom(1, 2, 4, 8),
  contextTokens: fc.integer({ min: 16, max: 200_000 }),
  utilization: fc.double({ min: 0.5, max: 0.98, noNaN: true }),
  kvBytesPerElement: fc.constantFrom(1, 2),
  maxSequences: fc.constantFrom(64, 256, 1024),
  maxBatchedTokens: fc.constantFrom(2048, 8192),
  graphsInBudget: fc.boolean(),
}) satisfies fc.Arbitrary<MemoryRequest>;

describe("for every model, format and GPU", () => {
  test("parts add up to the budget, and the sequences fit what is left", () => {
    fc.assert(
      fc.property(request, (wanted) => {
        const budget = memoryBudget(wanted);
        const parts = budget.weightsGib + budget.activationGib + budget.nonTorchGib + budget.cudaGraphsGib;
        expect(parts + budget.availableKvGib).toBeCloseTo(budget.budgetGib, 9);
        expect(budget.concurrency * budget.kvPerSequenceGib).toBeLessThanOrEqual(Math.max(0, budget.availableKvGib));
        expect(budget.concurrency).toBeLessThanOrEqual(budget.maxSequences);
        if (budget.concurrency < budget.maxSequences)
          expect((budget.concurrency + 1) * budget.kvPerSequenceGib).toBeGreaterThan(budget.availableKvGib);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("more memory and a larger share never lower the concurrency, a longer context never raises it", () => {
    let fitting = 0;
    fc.assert(
      fc.property(request, fc.integer({ min: 0, max: 200_000 }), (wanted, more) => {
        const { concurrency } = memoryBudget(wanted);
        fitting += concurrency > 0 ? 1 : 0;
        const larger = { ...wanted.gpu, deviceMib: wanted.gpu.deviceMib + more };
        expect(memoryBudget({ ...wanted, gpu: larger }).concurrency).toBeGreaterThanOrEqual(concurrency);
        expect(memoryBudget({ ...wanted, utilization: 0.99 }).concurrency).toBeGreaterThanOrEqual(concurrency);
        const longer = { ...wanted, contextTokens: wanted.contextTokens + more };
        expect(memoryBudget(longer).concurrency).toBeLessThanOrEqual(concurrency);
      }),
      { numRuns: 2000, seed: 2 },
    );
    expect(fitting).toBeGreaterThan(200);
  });
});
