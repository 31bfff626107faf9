import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stackCost } from "../../planner/cost";
import type { StackOptions } from "../../scripts/plan-options";
import { spendPlan } from "../../scripts/plan-spend";
import { planOfStack, planStack, readStackConfig } from "../../scripts/plan-stack";
import { stackText } from "../../scripts/plan-stack-table";
import { parseStack } from "../../stacks/config-read";
import { hoursPerWeek, stackModel, stackShape } from "../../stacks/planning";
import { adopted } from "../stacks/config-harness";

const TODAY = "2026-11-01";
const OPTIONS: StackOptions = { kind: "stack", stack: "prod", configs: {}, prices: {}, spot: {}, json: false };
const BEFORE_UP =
  "cluster.apiAccess.cidrs[0] is still the documentation range 203.0.113.0/24 (curl https://checkip.amazonaws.com)";
const noHub = async () => {
  throw new TypeError("fetch failed", { cause: new Error("no network") });
};

describe("what a stack file says, in the planner's words", () => {
  test.each(["dev", "staging", "prod"])("%s idle is what docs/idle-costs.md says", (stack) => {
    const shape = stackShape(readStackConfig(stack, TODAY), TODAY);
    const table = readFileSync("docs/idle-costs.md", "utf8");
    const hours = [...(/^\| \*\*an hour\*\* \|(.*)$/m.exec(table)?.[1]?.match(/\d+\.\d+/g) ?? [])];
    expect(shape && stackCost(shape).idleUsdPerHour.toFixed(2)).toBe(hours[["dev", "staging", "prod"].indexOf(stack)]);
  });

  test("prod: pools, floors and the limits of its pools", () => {
    const shape = stackShape(readStackConfig("prod", TODAY), TODAY, { "g6e.xlarge": 0.9, "p5.4xlarge": 3 });
    expect(shape?.pools).toEqual([
      {
        ...{ name: "l40s", instanceType: "g6e.xlarge", steadyNodes: 0, maxNodes: 8, diskGb: 200, spotUsdPerHour: 0.9 },
        floors: [{ nodes: 1, hoursPerWeek: 55 }],
      },
      // Its capacity has no spot, so there is no price of it.
      { name: "h100", instanceType: "p5.4xlarge", steadyNodes: 0, maxNodes: 2, diskGb: 200, floors: [] },
    ]);
    expect([shape?.natGateways, shape?.publicEndpoint, shape?.databases]).toEqual([
      3,
      true,
      [{ instanceType: "db.t4g.small", storageGb: 20, standby: true }],
    ]);
  });

  test("an outdated Kubernetes version costs its support", () => {
    const config = readStackConfig("dev", TODAY);
    expect(stackShape(config, TODAY)?.extendedSupport).toBe(false);
    expect(stackShape(config, "2027-04-01")?.extendedSupport).toBe(true);
  });

  test("hours of a week, over midnight too", () => {
    const at = (days: string, from: string, to: string) =>
      hoursPerWeek({ days, from, to, timezone: "UTC", replicas: 1 });
    expect([at("mon-fri", "08:00", "19:00"), at("sun", "22:00", "06:30")]).toEqual([55, 8.5]);
  });

  test("engine flags and formats", () => {
    const config = readStackConfig("prod", TODAY);
    const [[name, model] = []] = Object.entries(config.models);
    if (name === undefined || model === undefined) throw new Error("prod has no model");
    const args = [
      "--max-num-seqs=64",
      "--max-num-seqs=32",
      "--gpu-memory-utilization=0.8",
      "--kv-cache-dtype=fp8_e5m2",
    ];
    const flags = stackModel(name, { ...model, quantization: "awq", engineArgs: [...args, "--enforce-eager"] }, config);
    expect(flags).toMatchObject({
      format: "int4",
      memory: { maxSequences: 32, utilization: 0.8, kvBytesPerElement: 1, maxBatchedTokens: undefined },
      start: { driver: "ami", compile: false, captureSizes: 0 },
      pools: [{ name: "l40s", gpu: "l40s", steady: false, spot: true }],
    });
  });
});

describe("the plan of a stack", () => {
  test("a flag that stretches the context counts as it does for `up`", async () => {
    const config = readStackConfig("prod", TODAY);
    const [name = "", model] = Object.entries(config.models)[0] ?? [];
    if (model === undefined) throw new Error("prod has no model");
    const faultsWith = async (engineArgs: string[]) => {
      const models = { [name]: { ...model, contextLength: 65_536, engineArgs } };
      const plan = await planOfStack({ ...config, models }, OPTIONS, TODAY, { fetch: noHub });
      return plan.models.flatMap(({ pools }) => pools.flatMap(({ faults }) => faults)).join("; ");
    };
    expect(await faultsWith([])).toContain("knows at most 40960 tokens of context, not 65536");
    expect(await faultsWith(['--hf-overrides={"rope_scaling":{"rope_type":"yarn","factor":4.0}}'])).not.toContain(
      "knows at most",
    );
  });

  test("every model is told, what it does not fit on with what would", async () => {
    const plan = await planOfStack(readStackConfig("prod", TODAY), OPTIONS, TODAY, { fetch: noHub });
    expect(plan.unknown).toEqual([]);
    expect(plan.models.map(({ model }) => model)).toEqual(["qwen3-8b", "qwen3-32b"]);
    const text = stackText(plan);
    expect(text).toContain("qwen3-8b: weights in bf16, context of 32k\n  1 × l40s (pool l40s): fits, on g6e.xlarge\n");
    expect(text).toMatch(
      / speed: at 16 requests of 1024 tokens in and 256 out [\d.]+ s to the first token, [\d.]+ ms for/,
    );
    expect(text).toMatch(/ wakes in \d+ s: decision 5 \+ boot 30 \+ .* \+ warm-up \d+\n/);
    expect(text).toMatch(/\n {2}EKS control plane +0\.1000 +1 +0\.100 +1 +0\.100\n/);
    expect(text).toMatch(/ idle +USD\/h +at most, cheapest types +USD\/h\n/);
    expect(text).toMatch(/\n {2}an hour +0\.573 +29\.440\nIdle: 418 USD a month of 730 hours\.\n/);
  });

  test("a model of which nothing is known is named with the file that would tell", async () => {
    const config = readStackConfig("dev", TODAY);
    const [model] = Object.values(config.models);
    if (!model) throw new Error("dev has no model");
    const source = "s3://bucket/acme/secret-model";
    const changed = { ...config, models: { chat: { ...model, source } } };
    const plan = await planOfStack(changed, OPTIONS, TODAY, { fetch: noHub });
    expect(plan.unknown).toEqual([
      {
        model: "chat",
        reason:
          "acme/secret-model is in no table, and https://huggingface.co does not answer (no network); " +
          "download its config.json and pass --config chat=FILE",
      },
    ]);
    const configs = { chat: "test/data/config-made-up.json" };
    const told = await planOfStack(changed, { ...OPTIONS, configs }, TODAY, { fetch: noHub });
    expect(told.unknown).toEqual([]);
    await expect(planOfStack(changed, { ...OPTIONS, configs: { caht: "x" } }, TODAY)).rejects.toThrow(
      "--config caht: the stack has no such model; it has chat",
    );
  });

  test("JSON has it all, and a wrong name names the right ones", async () => {
    const { text } = await planStack({ ...OPTIONS, stack: "dev", json: true }, TODAY);
    const plan = JSON.parse(text);
    expect(Object.keys(plan)).toEqual([
      ...["stack", "inputTokens", "outputTokens", "models", "unknown", "cost", "spend", "beforeUp"],
    ]);
    expect(plan.spend).toEqual({
      limitUsdPerHour: 46,
      limitIsDefault: true,
      leaseSeconds: 43_200,
      pools: { l40s: { idleSeconds: 7200, unseenSeconds: 43_200 } },
      emails: [],
    });
    expect(plan.beforeUp).toEqual([BEFORE_UP]);
    await expect(planStack({ ...OPTIONS, stack: "prd" }, TODAY)).rejects.toThrow(
      /^there is no stack file stacks\/Pulumi\.prd\.yaml; --stack can be: .*staging; did you mean "prod"\?$/,
    );
  });
});

describe("what the spend guard will do", () => {
  const ends = async (stack: string) => (await planStack({ ...OPTIONS, stack }, TODAY)).text.split("\n\n").at(-1);

  test("dev: the limit, the lease, the pool's times and whom nobody tells", async () => {
    expect(await ends("dev")).toBe(
      "Spend guard: GPUs off past $46.00 an hour (default, by the dearest types; spend.limit), lease 12h, idle nodes after 2h, " +
        `unseen after 12h; mails: nobody (spend.emails)\nBefore pulumi up: ${BEFORE_UP}`,
    );
  });

  test("prod: a line for each pool, since one has a floor", async () => {
    expect((await ends("prod"))?.split("\n").slice(0, 3)).toEqual([
      expect.stringMatching(/^Spend guard: GPUs off past .* spend\.limit\), no lease \(spend\.lease\); mails: nobody/),
      "  pool l40s: no idle end (schedule)",
      "  pool h100: idle nodes after 2h, unseen never",
    ]);
  });

  test("rehearsal: a limit of one's own, a budget, addresses", async () => {
    expect((await ends("rehearsal"))?.split("\n")[0]).toBe(
      "Spend guard: GPUs off past $40.00 an hour (spend.limit), lease 12h; AWS Budgets tells of $8000.00 a month; " +
        "mails: ops@example.com, finance@example.com",
    );
  });

  test("replicas that always run keep a pool's nodes, and so do steady nodes", () => {
    const config = readStackConfig("rehearsal", TODAY);
    const models = Object.fromEntries(
      Object.entries(config.models).map(([name, model]) => [
        name,
        { ...model, schedule: [], replicas: { min: name === "qwen3-8b" ? 1 : 0, max: 3 } },
      ]),
    );
    expect(spendPlan({ ...config, models })?.pools).toEqual({
      l40s: { never: "replicas.min" },
      a10g: { never: "replicas.min" },
      steady: { never: "steadyNodes" },
    });
  });

  test("on an adopted cluster there is no guard", async () => {
    const config = parseStack(adopted(), { region: undefined, aws: {}, today: TODAY, running: false });
    const plan = await planOfStack(config, OPTIONS, TODAY, { fetch: noHub });
    expect(plan.spend).toBeUndefined();
    expect(stackText(plan)).not.toContain("Spend guard");
  });
});
