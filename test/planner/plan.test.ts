import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitOf } from "../../planner/fit";
import { replicaSizes } from "../../planner/fit-request";
import { GPU_NAMES } from "../../planner/gpus";
import { INSTANCES } from "../../planner/instances";
import type { ModelShape } from "../../planner/model-shape";
import { MODELS } from "../../planner/models";
import { compareOptions, type PlanOption, type PlanRequest, planModel } from "../../planner/plan";
import { compareWithApi } from "../../planner/plan-api";
import type { PriceOverrides } from "../../planner/prices";

function shapeOf(name: string): ModelShape {
  const shape = MODELS[name];
  if (!shape) throw new Error(`no ${name}`);
  return shape;
}

const QWEN_32B: PlanRequest = {
  shape: shapeOf("Qwen/Qwen3-32B"),
  gpus: ["l40s", "h100"],
  contextTokens: 32_768,
  concurrency: 32,
  inputTokens: 1024,
  outputTokens: 256,
};

const names = (request: PlanRequest) =>
  planModel(request).options.map(({ gpusPerReplica, gpu }) => `${gpusPerReplica} ${gpu}`);

const requests = fc
  .record({
    shape: fc.constantFrom(...["Qwen/Qwen3-8B", "Qwen/Qwen3-32B", "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-R1"]),
    format: fc.constantFrom(undefined, "fp8" as const, "int4" as const),
    gpus: fc.uniqueArray(fc.constantFrom(...GPU_NAMES), { minLength: 1, maxLength: 4 }),
    contextTokens: fc.integer({ min: 2, max: 32_768 }),
    concurrency: fc.integer({ min: 1, max: 600 }),
    share: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    spot: fc.constantFrom<PriceOverrides[]>({}, { "g6e.xlarge": 0.9 }, { "p5.48xlarge": 20 }),
  })
  .map(({ shape, share, contextTokens, ...rest }): PlanRequest => {
    const inputTokens = Math.max(1, Math.floor((contextTokens - 1) * share));
    const outputTokens = Math.max(1, Math.min(512, contextTokens - inputTokens));
    return { ...rest, shape: shapeOf(shape), contextTokens, inputTokens, outputTokens };
  });

describe("options", () => {
  test("every size of every GPU is an option or says why it is none", () => {
    const { options, unfit } = planModel(QWEN_32B);
    const seen = [...options, ...unfit].map(({ gpu, gpusPerReplica }) => `${gpusPerReplica} ${gpu}`).sort();
    expect(seen).toEqual(["1 h100", "1 l40s", "2 h100", "2 l40s", "4 h100", "4 l40s", "8 h100", "8 l40s"]);
    expect(unfit.map(({ gpu, gpusPerReplica }) => `${gpusPerReplica} ${gpu}`)).toEqual(["1 l40s", "1 h100"]);
  });

  test("what does not fit is told with its numbers, and what would fit the same GPUs", () => {
    const { unfit } = planModel({ ...QWEN_32B, gpus: ["h100"] });
    expect(unfit[0]?.why).toBe(
      "needs 61.0 GiB for weights, 6.7 GiB to work and 8.0 GiB for one request of 32768 tokens, and has 72.8 GiB",
    );
    expect(unfit[0]?.onSameGpus).toEqual(["a context of 20480 tokens instead of 32768", "fp8 weights instead of bf16"]);
    const heads = planModel({
      ...QWEN_32B,
      shape: shapeOf("Qwen/Qwen2.5-7B-Instruct"),
      gpus: ["l40s"],
      format: "bf16",
    });
    expect(heads.unfit.map(({ why }) => why)).toEqual([
      "Qwen/Qwen2.5-7B-Instruct has 28 attention and 4 key-value heads, which do not divide among 8 GPUs",
    ]);
  });

  test("only the asked size, and a size that no instance has", () => {
    expect(names({ ...QWEN_32B, gpusPerReplica: 4 }).sort()).toEqual(["4 h100", "4 l40s"]);
    const { options, unfit } = planModel({ ...QWEN_32B, gpusPerReplica: 3 });
    expect(options).toEqual([]);
    expect(unfit.map(({ why }) => why)[0]).toBe(
      "a replica has 1, 2, 4 or 8 GPUs of one instance, and with l40s at most 8",
    );
  });

  test("a type without a list price is no option until somebody names a price", () => {
    const h200: PlanRequest = { ...QWEN_32B, gpus: ["h200"], gpusPerReplica: 8 };
    expect(planModel(h200).options.map(({ instanceType, usdPerHour }) => [instanceType, usdPerHour])).toEqual([
      ["p5en.48xlarge", 63.296],
    ]);
    const [own] = planModel({ ...h200, prices: { "p5e.48xlarge": 40 } }).options;
    expect([own?.instanceType, own?.usdPerHour, own?.spot]).toEqual(["p5e.48xlarge", 40, false]);
    const [spot] = planModel({ ...h200, spot: { "p5e.48xlarge": 30 } }).options;
    expect([spot?.instanceType, spot?.usdPerHour, spot?.spot]).toEqual(["p5e.48xlarge", 30, true]);
  });

  test("requests that no GPU could serve are refused with the numbers", () => {
    expect(() => planModel({ ...QWEN_32B, contextTokens: 65_536 })).toThrow(
      "Qwen/Qwen3-32B knows at most 40960 tokens of context, not 65536; take a context up to that",
    );
    expect(() => planModel({ ...QWEN_32B, contextTokens: 1024 })).toThrow(
      "1024 tokens in and 256 out are more than a context of 1024 tokens; take a longer context or shorter requests",
    );
    expect(() => planModel({ ...QWEN_32B, concurrency: 0 })).toThrow(
      "plan: concurrency is 0; it must be a whole number from 1 on",
    );
  });

  test("DeepSeek R1 in 1.58 bits fits 4 L40S, and in 8 bits not even 8", () => {
    const r1: PlanRequest = { ...QWEN_32B, shape: shapeOf("deepseek-ai/DeepSeek-R1"), gpus: ["l40s"], concurrency: 1 };
    expect(names({ ...r1, format: "gguf-1.58", contextTokens: 4096 })).toContain("4 l40s");
    expect(names(r1)).toEqual([]);
  });
});

describe("ranking", () => {
  test("an option that is cheaper and not slower never ranks lower, and every option fits", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { options, unfit } = planModel(request);
        expect(options.length + unfit.length).toBe(
          request.gpus.reduce((sum, gpu) => sum + replicaSizes(gpu).length, 0),
        );
        for (const [index, better] of options.entries())
          for (const worse of options.slice(index + 1)) {
            const cheaper =
              worse.usdPerHour < better.usdPerHour || worse.usdPerMillionTokens < better.usdPerMillionTokens;
            const notSlower =
              worse.tokensPerSecond >= better.tokensPerSecond && worse.tokenSeconds <= better.tokenSeconds;
            expect(cheaper && notSlower).toBe(false);
          }
        for (const { gpu, gpusPerReplica } of options)
          expect(fitOf({ ...request, gpu, tensorParallel: gpusPerReplica, concurrency: 1 }).fits).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("the wanted requests have room, on no more nodes than they need", () => {
    fc.assert(
      fc.property(requests, (request) => {
        for (const option of planModel(request).options) {
          const { nodes, replicas, requestsPerReplica, gpusPerReplica, instanceType } = option;
          const perNode = Math.floor((INSTANCES[instanceType]?.gpus ?? 0) / gpusPerReplica);
          expect(replicas * requestsPerReplica).toBeGreaterThanOrEqual(request.concurrency);
          expect(replicas).toBeLessThanOrEqual(nodes * perNode);
          expect((nodes - 1) * perNode * requestsPerReplica).toBeLessThan(request.concurrency);
          expect(Number.isFinite(option.usdPerMillionTokens) && option.answerSeconds > 0).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a lower price never moves an option down", () => {
    const place = (usd: number) => {
      const plan = planModel({ ...QWEN_32B, prices: { "g6e.12xlarge": usd, "g6e.24xlarge": 99, "g6e.48xlarge": 99 } });
      return plan.options.findIndex(({ gpu, gpusPerReplica }) => gpu === "l40s" && gpusPerReplica === 2);
    };
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 90, noNaN: true }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (usd, cut) => {
          expect(place(usd * cut)).toBeLessThanOrEqual(place(usd));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("equal prices are decided by the next token, then by the first", () => {
    const [option] = planModel(QWEN_32B).options;
    if (!option) throw new Error("no option");
    const faster: PlanOption = { ...option, tokenSeconds: option.tokenSeconds / 2 };
    const sooner: PlanOption = { ...option, firstTokenSeconds: option.firstTokenSeconds / 2 };
    expect([option, sooner, faster].sort(compareOptions)).toEqual([faster, sooner, option]);
  });

  test("all but the first say why they come later, and which cheaper one is no slower", () => {
    const [first, ...later] = planModel(QWEN_32B).options;
    expect(first?.why).toBeUndefined();
    for (const [index, { why, answerSeconds }] of later.entries()) {
      expect(why).toMatch(
        /^([\d.]+ times the price|the same price for a token); an answer (only )?takes .+ s instead of [\d.]+ s/,
      );
      const better = [...(first ? [first] : []), ...later.slice(0, index)].find(
        (option) => option.answerSeconds <= answerSeconds,
      );
      const named = better === undefined || better === first ? undefined : `${better.gpusPerReplica} × ${better.gpu}`;
      expect(/; ([^;]+) is cheaper and no slower$/.exec(why ?? "")?.[1]).toBe(named);
    }
  });
});

describe("against an API", () => {
  const [option] = planModel(QWEN_32B).options;
  if (!option) throw new Error("no option");

  test("the break-even pays the nodes and the smallest stack around them", () => {
    const api = compareWithApi(option, QWEN_32B, { input: 5, output: 20 });
    expect(api.blendedUsdPerMillion).toBeCloseTo(5 * 0.8 + 20 * 0.2, 12);
    expect(api.ownUsdPerMillion).toBeCloseTo(option.usdPerMillionTokens / 5, 12);
    const { replicas = 0, usdPerDay, tokensPerDay = 0 } = api.breakEven ?? {};
    // 0.386 USD an hour besides the GPUs: the smallest stack of docs/idle-costs.md.
    expect(usdPerDay).toBeCloseTo(24 * (0.3864 + replicas * option.usdPerHour), 1);
    expect((tokensPerDay / 1e6) * api.blendedUsdPerMillion).toBeCloseTo(usdPerDay ?? 0, 6);
  });

  test("an API below the price of the nodes is never dearer", () => {
    expect(compareWithApi(option, QWEN_32B, { input: 0.2, output: 0.8 }).breakEven).toBeUndefined();
  });
});
