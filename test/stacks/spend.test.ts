import { describe, expect, test } from "vitest";
import { INSTANCES } from "../../planner/instances";
import { parseStack } from "../../stacks/config-read";
import { chainOf } from "../../stacks/expectations";
import { floorUsdPerHour, limitUsdPerHour, spendRulesOf, wakingUsdPerHour } from "../../stacks/spend";
import { AROUND, changed, type Right, stackFile } from "./config-harness";

const parsed = (raw: unknown) => parseStack(raw, AROUND);
const with_ = (change: (config: Right) => void) => parsed(changed(change));
const price = (type: string) => INSTANCES[type]?.onDemandUsdPerHour ?? Number.NaN;

const H100 = { gpu: "h100", maxGpus: 0, steadyNodes: 2, capacity: [] };
/** A second model, on nodes that always run. */
const withSteady = (more: Record<string, unknown> = {}) =>
  with_((config) => {
    config.gpuPools.h100 = H100;
    config.models = { ...config.models, big: { ...config.models.qwen, gpu: "h100", ...more } } as Right["models"];
  });

describe("what the guard is told of a stack file", () => {
  test("dev: a lease, and every type that its pool may start", () => {
    expect(spendRulesOf(parsed(stackFile("dev")))).toEqual({
      leaseSeconds: 12 * 3600,
      limitUsdPerHour: Math.ceil(2 * 3 * price("g6e.16xlarge")),
      prices: Object.fromEntries(
        ["g6e.xlarge", "g6e.2xlarge", "g6e.4xlarge", "g6e.8xlarge", "g6e.16xlarge"].map((type) => [type, price(type)]),
      ),
      pools: { l40s: { idleSeconds: 7200, unseenSeconds: 43_200 } },
    });
  });

  test("prod: nodes of a pool on which a floor may be kept are never idle", () => {
    expect(spendRulesOf(parsed(stackFile("prod"))).pools).toEqual({
      l40s: {},
      // Without a lease nobody has said that the stack has an end.
      h100: { idleSeconds: 7200 },
    });
  });

  test("a floor of the fallback's pool counts too, and replicas that always run", () => {
    const config = with_((right) => {
      right.gpuPools.a10g = { gpu: "a10g", maxGpus: 2 };
      right.models.qwen = {
        ...right.models.qwen,
        contextLength: "16k",
        gpu: ["l40s", "a10g"],
        replicas: { min: 1, max: 2 },
      };
    });
    expect(spendRulesOf(config).pools).toEqual({ l40s: {}, a10g: {} });
  });

  test("times and limit as they are set", () => {
    const spend = { limit: 7.5, idleNode: "1h", unseenNode: "3h" };
    const rules = spendRulesOf(parsed({ ...stackFile("staging"), spend }));
    expect(rules).toMatchObject({
      limitUsdPerHour: 7.5,
      pools: { l40s: { idleSeconds: 3600, unseenSeconds: 10_800 } },
    });
    expect(rules.leaseSeconds).toBeUndefined();
  });

  test("a type without a list price counts as its own pool's dearest, not as the stack's", () => {
    const config = with_((right) => {
      right.gpuPools.h200 = { gpu: "h200", gpusPerNode: 8, maxGpus: 8 };
      right.gpuPools.b200 = { gpu: "b200", gpusPerNode: 8, maxGpus: 8 };
      right.models = {
        ...right.models,
        big: { ...right.models.qwen, gpu: "h200" },
        bigger: { ...right.models.qwen, gpu: "b200" },
      } as Right["models"];
    });
    const { prices } = spendRulesOf(config);
    expect(prices["p5e.48xlarge"]).toBe(price("p5en.48xlarge"));
    expect(price("p6-b200.48xlarge")).toBeGreaterThan(price("p5en.48xlarge"));
  });
});

describe("a node that is kept on purpose", () => {
  /** Seconds of the hold that this model has by itself. */
  const hold = (name: string, config: ReturnType<typeof parsed>) => {
    const model = config.models[name];
    if (model === undefined) throw new Error(`there is no model ${name}`);
    return chainOf(name, model, config).holdSeconds;
  };

  test("is idle only after what its models, its pool and a cold start take together", () => {
    const config = with_((right) => {
      right.gpuPools.l40s = { gpu: "l40s", maxGpus: 2, emptyFor: "30m" };
      right.models.qwen = { ...right.models.qwen, idleAfter: "8h" };
    });
    const idleSeconds = (8 * 60 + 30 + 15) * 60 + hold("qwen", config);
    expect(spendRulesOf(config).pools).toEqual({ l40s: { idleSeconds } });
  });

  test("waits for the slowest of the models that may land there, and for no other pool's", () => {
    const config = with_((right) => {
      right.gpuPools.h100 = { gpu: "h100", maxGpus: 1 };
      right.models = {
        quick: { ...right.models.qwen, idleAfter: "3h", hold: "20m" },
        slow: { ...right.models.qwen, idleAfter: "5m", gpu: ["h100", "l40s"], hold: "50m" },
      } as unknown as Right["models"];
    });
    expect(spendRulesOf(config).pools).toEqual({
      l40s: { idleSeconds: (180 + 5 + 50 + 15) * 60 },
      h100: { idleSeconds: 7200 },
    });
  });

  test("is not older than unseenNode before it is idle", () => {
    const config = with_((right) => {
      right.models.qwen = { ...right.models.qwen, idleAfter: "1d", hold: "20m" };
      Object.assign(right, { spend: { lease: "3d" } });
    });
    const idleSeconds = 86_400 + 40 * 60;
    expect(spendRulesOf(config).pools).toEqual({ l40s: { idleSeconds, unseenSeconds: idleSeconds } });
  });
});

describe("the limit that nobody set", () => {
  test("covers each pool full of its dearest type and a replacement, in each step of its capacity, and its steady nodes twice", () => {
    expect(limitUsdPerHour(withSteady())).toBe(Math.ceil(3 * price("g6e.16xlarge") + 4 * price("p5.4xlarge")));
  });
});

test("a first request takes a node of the model's first pool, beside what always runs", () => {
  expect(wakingUsdPerHour(with_(() => {}))).toBe(price("g6e.xlarge"));
  const beside = withSteady({ replicas: { min: 2, max: 2 } });
  expect(wakingUsdPerHour(beside)).toBe(2 * price("p5.4xlarge") + price("g6e.xlarge"));
});

describe("what is up without a request", () => {
  test("nothing, where all sleeps", () => {
    expect(floorUsdPerHour(with_(() => {}))).toBe(0);
  });

  test("steady nodes, and a floor that fits on them adds nothing", () => {
    expect(floorUsdPerHour(withSteady())).toBe(2 * price("p5.4xlarge"));
    expect(floorUsdPerHour(withSteady({ replicas: { min: 2, max: 2 } }))).toBe(2 * price("p5.4xlarge"));
  });

  test("replicas that always run, and those of the one schedule with the most", () => {
    const hours = { days: "mon-fri", from: "08:00", to: "18:00", timezone: "UTC" };
    const config = with_((right) => {
      right.gpuPools.l40s = { gpu: "l40s", maxGpus: 8 };
      const floor = { ...right.models.qwen, replicas: { min: 1, max: 4 } };
      right.models = {
        a: { ...floor, schedule: [{ ...hours, replicas: 3 }] },
        b: { ...floor, schedule: [{ ...hours, replicas: 2 }] },
      } as unknown as Right["models"];
    });
    // 3 of one and 1 of the other: whose hours are the same is not asked.
    expect(floorUsdPerHour(config)).toBeCloseTo(4 * price("g6e.xlarge"), 9);
  });
});
