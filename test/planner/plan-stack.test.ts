import { describe, expect, test } from "vitest";
import { coldStart } from "../../planner/cold-start";
import { nodeNeed } from "../../planner/fit";
import { DEFAULT_COLD_START_SECONDS, holdChain } from "../../planner/hold";
import { INSTANCES } from "../../planner/instances";
import { MODELS } from "../../planner/models";
import { expectModel, type StackModel } from "../../planner/plan-stack";

const shape = MODELS["Qwen/Qwen3-8B"];
const machine = INSTANCES["g6e.xlarge"];
if (!shape || !machine) throw new Error("tables lack a row");

const MODEL: StackModel = {
  name: "qwen3-8b",
  shape,
  pools: [{ name: "l40s", gpu: "l40s", instanceTypes: ["g6e.2xlarge", "g6e.xlarge"] }],
  gpusPerReplica: 1,
  contextTokens: 32_768,
  targetConcurrency: 16,
  longestGenerationSeconds: 300,
};
const USAGE = { inputTokens: 1024, outputTokens: 256 };
const only = (model: StackModel, usage = USAGE) => {
  const [pool] = expectModel(model, usage).pools;
  if (!pool) throw new Error("no pool");
  return pool;
};

describe("one model of a stack", () => {
  test("runs on the cheapest type that carries it, and its hold follows from the cold start there", () => {
    const expected = expectModel(MODEL, USAGE);
    const node = only(MODEL).performance?.node;
    expect(node?.instanceType).toBe("g6e.xlarge");
    expect(node?.usdPerHour).toBe(1.861);
    const { weightBytes } = nodeNeed(shape, "bf16", 1);
    const start = coldStart({ model: { weightBytes, layers: 36 }, machine, gpus: 1 });
    expect(node?.coldStart).toEqual(start);
    const chain = holdChain({ coldStartSeconds: Math.ceil(start.totalSeconds), longestGenerationSeconds: 300 });
    expect([expected.holdSeconds, expected.holdFaults]).toEqual([chain.holdSeconds, []]);
  });

  test("dollars for a million tokens are the replica's share of the node over what it makes when full", () => {
    const performance = only({
      ...MODEL,
      pools: [{ name: "big", gpu: "l40s", instanceTypes: ["g6e.12xlarge"] }],
    }).performance;
    expect(performance?.node?.usdPerHour).toBeCloseTo(10.49264 / 4, 12);
    const perHour = (performance?.saturatedTokensPerSecond ?? 0) * 3600;
    expect(performance?.node?.usdPerMillionTokens).toBeCloseTo((10.49264 / 4 / perHour) * 1e6, 9);
  });

  test("flags of the engine count", () => {
    const flags = only({ ...MODEL, memory: { maxSequences: 8, kvBytesPerElement: 1, utilization: 0.8 } });
    const plain = only(MODEL);
    expect(flags.budget.maxSequences).toBe(8);
    expect(flags.performance?.requests).toBe(8);
    expect(flags.budget.kvPerSequenceGib).toBeCloseTo(plain.budget.kvPerSequenceGib / 2, 12);
    expect(flags.budget.budgetGib).toBeCloseTo((plain.budget.budgetGib * 0.8) / 0.92, 9);
    const eager = only({ ...MODEL, start: { compile: false, captureSizes: 0 } });
    const seconds = (pool: typeof eager) => pool.performance?.node?.coldStart.totalSeconds ?? Number.NaN;
    expect(seconds(eager)).toBeLessThan(seconds(plain));
  });

  test("a spot price counts where the pool takes spot", () => {
    const usage = { ...USAGE, spot: { "g6e.2xlarge": 0.8 } };
    const [pool] = MODEL.pools;
    if (!pool) throw new Error("no pool");
    const node = (spot: boolean) => {
      const [expected] = expectModel({ ...MODEL, pools: [{ ...pool, spot }] }, usage).pools;
      return [expected?.performance?.node?.instanceType, expected?.performance?.node?.usdPerHour];
    };
    expect([node(true), node(false)]).toEqual([
      ["g6e.2xlarge", 0.8],
      ["g6e.xlarge", 1.861],
    ]);
  });

  test("steady nodes need not start", () => {
    const pools = MODEL.pools.map((pool) => ({ ...pool, steady: true }));
    const names = only({ ...MODEL, pools }).performance?.node?.coldStart.stages.map(({ name }) => name);
    expect(names?.[0]).toBe("container");
  });

  test("where it does not fit, the numbers and what would", () => {
    const large = MODELS["Qwen/Qwen3-32B"];
    if (!large) throw new Error("tables lack a row");
    const pool = only({ ...MODEL, shape: large });
    expect(pool.performance).toBeUndefined();
    expect(pool.faults).toEqual([
      "Qwen/Qwen3-32B (32.8 B weights, bf16) on one l40s: 61.0 GiB weights + 1.4 activation + 1.1 CUDA of 40.8 GiB " +
        "(92 % of 44.4) leave -22.7 GiB for keys and values; one sequence of 32768 tokens needs 8.0 GiB",
    ]);
    expect(pool.alternatives.length).toBeGreaterThan(0);
  });

  test("on the user's own nodes there is no cold start to compute and no price", () => {
    const own = { ...MODEL, pools: [{ name: "own", gpu: "l40s" as const, instanceTypes: [] }] };
    expect(only(own).faults).toEqual([]);
    expect(only(own).performance?.node).toBeUndefined();
    expect(expectModel(own, USAGE).holdSeconds).toBe(
      holdChain({ coldStartSeconds: DEFAULT_COLD_START_SECONDS, longestGenerationSeconds: 300 }).holdSeconds,
    );
  });

  test("a hold shorter than the cold start is a fault", () => {
    expect(expectModel({ ...MODEL, holdSeconds: 60 }, USAGE).holdFaults[0]).toMatch(
      /^a hold of 60 s ends before the cold start of about \d+ s does; set hold to at least \d+s$/,
    );
  });

  test("usual requests are cut to a short context", () => {
    const { performance } = only({ ...MODEL, contextTokens: 512 });
    const same = only({ ...MODEL, contextTokens: 512 }, { inputTokens: 256, outputTokens: 256 }).performance;
    expect(performance).toEqual(same);
  });
});
