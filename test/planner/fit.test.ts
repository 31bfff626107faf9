import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitOf, instancesThatFit, nodeNeed } from "../../planner/fit";
import { type FitRequest, smallestTensorParallel, unfitReason } from "../../planner/fit-request";
import { WEIGHT_FORMATS } from "../../planner/formats";
import { GPU_NAMES } from "../../planner/gpus";
import { INSTANCES, type InstanceFacts } from "../../planner/instances";
import type { ModelShape } from "../../planner/model-shape";
import { findModel, MODELS } from "../../planner/models";
import { nodeFaults } from "../../planner/node-fit";

const model = (name: string): ModelShape => {
  const shape = findModel(name);
  if (!shape) throw new Error(name);
  return shape;
};
const node = (type: string): InstanceFacts => {
  const facts = INSTANCES[type];
  if (!facts) throw new Error(type);
  return facts;
};
const refused = (request: FitRequest) => {
  const verdict = fitOf(request);
  if (verdict.fits) throw new Error("fits");
  return { reason: verdict.reason, alternatives: verdict.alternatives.map(({ text }) => text) };
};

describe("verdicts", () => {
  test("70B in fp8 on one 80 GB card is refused with its numbers and three ways out", () => {
    const shape = model("Llama-3.3-70B");
    expect(refused({ shape, format: "fp8", gpu: "h100", tensorParallel: 1, contextTokens: 16000 })).toEqual({
      reason:
        "meta-llama/Llama-3.3-70B-Instruct (70.6 B weights, fp8) on one h100: 67.7 GiB weights + 4.8 activation + 1.3 CUDA of " +
        "72.8 GiB (92 % of 79.2) leave -1.0 GiB for keys and values; one sequence of 16000 tokens needs 4.9 GiB",
      alternatives: ["2 h100 instead of 1", "int4 weights instead of fp8", "1 rtx-pro-6000 instead of 1 h100"],
    });
  });

  test("DeepSeek R1 on one card is refused; nothing smaller than a node of eight holds it", () => {
    const shape = model("DeepSeek-R1");
    const { reason, alternatives } = refused({ shape, gpu: "h100", tensorParallel: 1, contextTokens: 16000 });
    expect(reason).toContain("626.7 GiB weights");
    expect(reason).toContain("leave -559.7 GiB");
    expect(alternatives).toEqual(["8 rtx-pro-6000 instead of 1 h100"]);
    expect(smallestTensorParallel({ shape, gpu: "h200", contextTokens: 32768 })).toBe(8);
    expect(smallestTensorParallel({ shape, gpu: "h100", contextTokens: 32768 })).toBeUndefined();
  });

  test("DeepSeek R1 in 1.58 bits fits four L40S, not two", () => {
    const shape = model("DeepSeek-R1");
    const request: FitRequest = { shape, format: "gguf-1.58", gpu: "l40s", tensorParallel: 4, contextTokens: 8192 };
    expect(fitOf(request).fits).toBe(true);
    expect(smallestTensorParallel(request)).toBe(4);
    expect(instancesThatFit(request)).toEqual(["g6e.12xlarge", "g6e.24xlarge", "g6e.48xlarge"]);
  });

  test("a context that is a little too long is answered with the longest that fits", () => {
    const shape = model("Qwen3-32B");
    const { reason, alternatives } = refused({ shape, gpu: "h100", tensorParallel: 1, contextTokens: 32000 });
    expect(reason).toMatch(/leave 5\.1 GiB for keys and values; one sequence of 32000 tokens needs 7\.8 GiB$/);
    expect(alternatives).toEqual([
      "a context of 20480 tokens instead of 32000",
      "2 h100 instead of 1",
      "fp8 weights instead of bf16",
    ]);
  });

  test("too many sequences, heads that do not divide, and a context beyond the model's", () => {
    const shape = model("Llama-3.1-8B");
    const l4: FitRequest = { shape, gpu: "l4", tensorParallel: 1, contextTokens: 8192 };
    expect(unfitReason({ ...l4, concurrency: 3 })).toBeUndefined();
    expect(unfitReason({ ...l4, concurrency: 16 })).toMatch(
      /leave 3\.5 GiB for keys and values: 3 sequences of 8192 tokens at a time, 16 are wanted$/,
    );
    expect(unfitReason({ ...l4, tensorParallel: 3 })).toBe(
      "meta-llama/Llama-3.1-8B-Instruct has 32 attention and 8 key-value heads, which do not divide among 3 GPUs",
    );
    expect(unfitReason({ ...l4, shape: model("phi-4"), contextTokens: 32768 })).toBe(
      "microsoft/phi-4 knows at most 16384 tokens of context, not 32768",
    );
  });
});

const request = fc.record({
  shape: fc.constantFrom(...Object.values(MODELS)),
  format: fc.constantFrom(...WEIGHT_FORMATS),
  gpu: fc.constantFrom(...GPU_NAMES),
  tensorParallel: fc.constantFrom(1, 2, 3, 4, 8),
  contextTokens: fc.integer({ min: 512, max: 262_144 }),
  concurrency: fc.integer({ min: 1, max: 300 }),
});

test("every alternative fits by the same formulas, changes something, and there are at most three", () => {
  let offered = 0;
  fc.assert(
    fc.property(request, (wanted) => {
      const verdict = fitOf(wanted);
      if (verdict.fits) return;
      expect(verdict.reason).toMatch(/\d/);
      expect(verdict.alternatives.length).toBeLessThanOrEqual(3);
      for (const { request: changed, budget, text } of verdict.alternatives) {
        offered += 1;
        expect(unfitReason(changed), text).toBeUndefined();
        expect(budget.concurrency).toBeGreaterThanOrEqual(wanted.concurrency);
        expect(changed).not.toEqual(wanted);
      }
    }),
    { numRuns: 1000, seed: 3 },
  );
  expect(offered).toBeGreaterThan(300);
});

test("a plan that fits is not made unfit by a shorter context, fewer sequences or a larger share of memory", () => {
  fc.assert(
    fc.property(request, fc.integer({ min: 2, max: 64 }), (wanted, part) => {
      if (unfitReason(wanted) !== undefined) return;
      expect(unfitReason({ ...wanted, contextTokens: Math.ceil(wanted.contextTokens / part) })).toBeUndefined();
      expect(unfitReason({ ...wanted, concurrency: Math.ceil(wanted.concurrency / part) })).toBeUndefined();
      expect(unfitReason({ ...wanted, utilization: 0.95 })).toBeUndefined();
    }),
    { numRuns: 1000, seed: 4 },
  );
});

describe("nodes", () => {
  const need = (name: string, gpus = 1) => nodeNeed(model(name), "bf16", gpus);

  test("weights staged in memory: 16 GB fit a g6e.xlarge, 28 GB do not", () => {
    expect(nodeFaults("g6e.xlarge", node("g6e.xlarge"), { ...need("Llama-3.1-8B"), loading: "staged" })).toEqual([]);
    expect(nodeFaults("g6e.xlarge", node("g6e.xlarge"), { ...need("Qwen3-14B"), loading: "staged" })).toEqual([
      "g6e.xlarge leaves 27.8 GiB of memory for a replica, which needs 5.5 GiB and 27.5 GiB to read the weights into",
    ]);
    expect(nodeFaults("g6e.xlarge", node("g6e.xlarge"), need("Qwen3-14B"))).toEqual([]);
  });

  test("a copy on disk needs the disk, and a replica its GPUs", () => {
    const copy = { ...need("Llama-3.3-70B"), copyOnDisk: true };
    expect(nodeFaults("g6.xlarge", node("g6.xlarge"), { ...copy, weightBytes: 200e9 })).toEqual([
      "g6.xlarge has 212 GB of local disk for pods, and image, caches and weights need 250 GB",
    ]);
    expect(nodeFaults("g6e.xlarge", node("g6e.xlarge"), need("Llama-3.3-70B", 4))).toEqual([
      "g6e.xlarge has 1 GPUs, a replica needs 4",
    ]);
  });

  test("CPU and the loading buffer are told with their numbers", () => {
    const small: InstanceFacts = { ...node("g6e.xlarge"), allocatableCpuMillis: 1930, allocatableMemoryMib: 13000 };
    expect(nodeFaults("small", small, { ...need("Llama-3.1-405B") })).toEqual([
      "small leaves 1520m CPU for a replica of 1 GPUs, which needs 2000m",
    ]);
    expect(
      nodeFaults(
        "small",
        { ...small, allocatableCpuMillis: 4000 },
        { ...need("Llama-3.1-405B"), largestTensorBytes: 8e9 },
      ),
    ).toEqual(["small leaves a loading buffer of 4.7 GiB a GPU, and the largest tensor has 7.5 GiB"]);
  });

  test("the fewest GPUs come first, then the cheapest", () => {
    const shape = model("Qwen3-8B");
    const types = instancesThatFit({ shape, gpu: "l4", tensorParallel: 1, contextTokens: 8192 });
    expect(types.slice(0, 4)).toEqual(["g6.xlarge", "g6.2xlarge", "g6.4xlarge", "gr6.4xlarge"]);
    expect(types.at(-1)).toBe("g6.48xlarge");
    expect(instancesThatFit({ shape, gpu: "l4", tensorParallel: 1, contextTokens: 40960 })).toEqual([]);
  });
});
