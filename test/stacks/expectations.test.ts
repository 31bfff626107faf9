import { expect, test } from "vitest";
import { DEFAULT_COLD_START_SECONDS } from "../../planner/hold";
import { replicaRequests } from "../../planner/pod-requests";
import type { ModelConfig, StackConfig } from "../../stacks/config";
import { parseStack } from "../../stacks/config-read";
import { chainOf, costOf, expectationOf, holdRequestOf, nodesCarrying } from "../../stacks/expectations";

const COMMIT = "b968826d9c46dd6066d109eabc6255188de91218";

function stack(model: Record<string, unknown> = {}): { config: StackConfig; model: ModelConfig } {
  const config = parseStack(
    {
      cluster: { zones: ["us-east-1a", "us-east-1b"] },
      gpuPools: { l40s: { gpu: "l40s", maxGpus: 2 }, a10g: { gpu: "a10g", maxGpus: 2 } },
      models: {
        m: {
          source: `hf://Qwen/Qwen3-8B@${COMMIT}`,
          contextLength: "16k",
          gpu: ["l40s", "a10g"],
          ...model,
        },
      },
    },
    { region: "us-east-1", aws: {}, today: "2026-11-24", running: false },
  );
  return { config, model: config.models.m as ModelConfig };
}

test("the slowest pool's cold start decides the hold, and a model in no table goes by the measured one", () => {
  const { config, model } = stack();
  const seconds = expectationOf("m", model, config)?.coldStartSeconds ?? 0;
  expect(seconds).toBeGreaterThan(100);
  expect(holdRequestOf("m", model, config).coldStartSeconds).toBe(seconds);
  expect(chainOf("m", model, config).holdSeconds).toBeGreaterThan(seconds);
  const unknown = stack({ source: `hf://nobody/unheard-of@${COMMIT}` });
  expect(expectationOf("m", unknown.model, unknown.config)).toBeUndefined();
  expect(holdRequestOf("m", unknown.model, unknown.config).coldStartSeconds).toBe(DEFAULT_COLD_START_SECONDS);
});

test("a user's own hold stays", () => {
  const { config, model } = stack({ hold: "20m" });
  expect(chainOf("m", model, config).holdSeconds).toBe(1200);
});

test("requests go by the nodes that carry the model, not by the smallest of the pool", () => {
  const { config, model } = stack();
  const carrying = nodesCarrying(model, config);
  expect(carrying.length).toBeGreaterThan(0);
  const all = nodesCarrying({ ...model, source: `hf://nobody/unheard-of@${COMMIT}` }, config);
  expect(all.length).toBeGreaterThanOrEqual(carrying.length);
  const requests = replicaRequests(carrying, 1);
  expect(requests.memoryMib).toBeGreaterThanOrEqual(replicaRequests(all, 1).memoryMib);
  expect(requests.cpuMillis).toBeGreaterThanOrEqual(2000);
});

test("what the stack costs, and nothing for somebody else's cluster", () => {
  const { config } = stack();
  const cost = costOf(config, "2026-11-24");
  expect(cost?.idleUsdPerHour).toBeCloseTo(0.39, 2);
  expect(cost?.mostUsdPerHour).toBeGreaterThan(cost?.idleUsdPerHour ?? 0);
  expect(costOf({ ...config, cluster: { adopt: { context: "mine" } } }, "2026-11-24")).toBeUndefined();
});
