import { expect, test } from "vitest";
import type { StackOptions } from "../../scripts/plan-options";
import { planOfStack, readStackConfig } from "../../scripts/plan-stack";
import { stackText } from "../../scripts/plan-stack-table";
import { parseStack } from "../../stacks/config-read";
import { adopted } from "../stacks/config-harness";

const TODAY = "2026-11-01";
const OPTIONS: StackOptions = {
  ...{ kind: "stack", stack: "dev", configs: {}, prices: {}, spot: {}, json: false },
  requests: { requestsPerDay: 20, activeHours: 10 },
};
const dev = readStackConfig("dev", TODAY);
const noHub = async () => {
  throw new TypeError("fetch failed");
};
const plan = (config = dev, options: Partial<StackOptions> = {}) =>
  planOfStack(config, { ...OPTIONS, ...options }, TODAY, { fetch: noHub });
const hoursOf = async (...args: Parameters<typeof plan>) =>
  Object.fromEntries((await plan(...args)).sleep?.[0]?.days.map(({ mode, nodeHours }) => [mode, nodeHours]) ?? []);

test("dev with twenty requests in office hours", async () => {
  const lines = stackText(await plan()).split("\n");
  const first = lines.indexOf(
    "Sleep of qwen3-8b on 1 × l40s (pool l40s): one replica, alone on a g6e.xlarge, 20 requests a day, at random within 10 h",
  );
  expect(lines.slice(first + 1, first + 6)).toEqual([
    "  a day                                      node hours    USD  wake-ups  requests held",
    "  asleep between requests                           3.0   5.65      15.0           17.2",
    "  awake for the 10 h (models.NAME.schedule)        10.2  18.97       0.0            0.0",
    "  always awake (replicas.min: 1)                   24.0  44.66       0.0            0.0",
    "  Awake for the 10 h costs 0.89 USD for each wake-up that it spares.",
  ]);
});

test("the stack's own idle times and the user's own price count", async () => {
  const before = await hoursOf();
  const [[name, model] = ["", undefined]] = Object.entries(dev.models);
  const [[pool, settings] = ["", undefined]] = Object.entries(dev.gpuPools);
  if (model === undefined || settings === undefined) throw new Error("dev has no model or no pool");
  const longer = await hoursOf({ ...dev, models: { [name]: { ...model, idleAfter: model.idleAfter + 600 } } });
  const emptier = await hoursOf({ ...dev, gpuPools: { [pool]: { ...settings, emptyFor: 3600 } } });
  for (const hours of [longer, emptier]) {
    expect(hours["scale-to-zero"]).toBeGreaterThan((before["scale-to-zero"] ?? 0) + 1);
    expect(hours["always-on"]).toBe(24);
  }
  const [own] = (await plan(dev, { prices: { "g6e.xlarge": 1 } })).sleep ?? [];
  expect(own?.days.map(({ mode, usd }) => [mode, usd]).at(-1)).toEqual(["always-on", 24]);
});

test("a replica that is alone on a node of four GPUs pays for all of it", async () => {
  const [[pool, settings] = ["", undefined]] = Object.entries(dev.gpuPools);
  if (settings === undefined) throw new Error("dev has no pool");
  const four = { ...dev, gpuPools: { [pool]: { ...settings, gpusPerNode: 4 } } };
  const [model] = (await plan(four, { prices: { "g6e.12xlarge": 10 } })).sleep ?? [];
  expect(model).toMatchObject({ instanceType: "g6e.12xlarge", replica: "1 × l40s" });
  expect(model?.days.find(({ mode }) => mode === "always-on")?.usd).toBe(240);
});

test("wake-ups that hardly happen have no price", async () => {
  const text = stackText(await plan(dev, { requests: { requestsPerDay: 3000, activeHours: 10 } }));
  expect(text).toContain("3000 requests a day");
  expect(text).not.toContain("for each wake-up");
});

test("nothing sleeps on steady nodes or on another's cluster, and nobody asked is told nothing", async () => {
  const none = "Sleep: no model tries first an elastic pool of the kit's on which it fits, at a price that is known.";
  const [[pool, settings] = ["", undefined]] = Object.entries(dev.gpuPools);
  if (settings === undefined) throw new Error("dev has no pool");
  const steady = await plan({ ...dev, gpuPools: { [pool]: { ...settings, maxGpus: 0, steadyNodes: 1 } } });
  expect(steady.sleep).toEqual([]);
  expect(stackText(steady).split("\n")).toContain(none);
  expect(
    (await plan(parseStack(adopted(), { region: undefined, aws: {}, today: TODAY, running: false }))).sleep,
  ).toEqual([]);
  const unasked = await plan(dev, { requests: undefined });
  expect(unasked.sleep).toBeUndefined();
  expect(stackText(unasked)).not.toContain("Sleep");
});
