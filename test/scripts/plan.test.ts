import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { MemoryBudget } from "../../planner/memory";
import { parameters } from "../../planner/parameters";
import type { Plan, PlanRequest, RankedOption } from "../../planner/plan";
import { planAdHoc, requestOf } from "../../scripts/plan-ad-hoc";
import { findShape } from "../../scripts/plan-model";
import { type ModelOptions, parseOptions } from "../../scripts/plan-options";
import { planText } from "../../scripts/plan-table";

const ROOT = join(__dirname, "../..");
const CONFIG = join(ROOT, "test/data/config-made-up.json");

function modelOptions(line: string): ModelOptions {
  const options = parseOptions(line.split(" "));
  if (options.kind !== "model") throw new Error(`${line} names no model`);
  return options;
}

const noHub = async () => {
  throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND huggingface.co") });
};

describe("where a model's shape comes from", () => {
  test("the table, the name telling the format of a copy", async () => {
    const fetch = noHub;
    expect((await findShape("Qwen/Qwen3-32B", { fetch })).nativeFormat).toBe("bf16");
    expect((await findShape("Qwen/Qwen3-32B-FP8", { fetch })).nativeFormat).toBe("fp8");
    expect((await findShape("openai/gpt-oss-20b", { fetch })).nativeFormat).toBe("mxfp4");
  });

  test("a config.json of a model that is in no table", async () => {
    const shape = await findShape("acme/made-up", { config: CONFIG, fetch: noHub });
    expect([shape.name, shape.layers, shape.attention.kvHeads, shape.maxContext]).toEqual([
      "acme/made-up",
      30,
      6,
      65_536,
    ]);
    // Embedding and head, then 30 layers of attention and three matrices.
    const layer = 3072 * 128 * (24 + 6 + 6 + 24) + 3 * 3072 * 8192;
    expect(parameters(shape).total).toBe(2 * 100_000 * 3072 + 30 * layer);
  });

  test("the hub, with the token and at the revision", async () => {
    const asked: unknown[] = [];
    const fetch = async (url: unknown, init?: RequestInit) => {
      asked.push(url, init?.headers);
      return new Response(JSON.stringify({ hidden_size: 64, num_hidden_layers: 2 }));
    };
    await expect(findShape("acme/other", { fetch, token: "hf_x", revision: "abc" })).rejects.toThrow(
      /^config of acme\/other lacks .*vocab_size/,
    );
    expect(asked).toEqual([
      "https://huggingface.co/acme/other/resolve/abc/config.json",
      { authorization: "Bearer hf_x" },
    ]);
  });

  test("no network, no access, no such file, no JSON: each with what to do", async () => {
    await expect(findShape("Qwen/Qwen3-33B", { fetch: noHub })).rejects.toThrow(
      "Qwen/Qwen3-33B is in no table, and https://huggingface.co does not answer (getaddrinfo ENOTFOUND huggingface.co); " +
        'download its config.json and pass --config FILE; did you mean "Qwen/Qwen3-32B"?',
    );
    const refused = async () => new Response("", { status: 401 });
    await expect(findShape("acme/closed", { fetch: refused })).rejects.toThrow(
      "acme/closed is in no table, and https://huggingface.co/acme/closed/resolve/main/config.json answers 401: there is no " +
        "such model, or it is gated and HF_TOKEN is not set; check the name, or download its config.json and pass --config FILE",
    );
    await expect(findShape("x", { config: "/nowhere.json" })).rejects.toThrow(
      "--config /nowhere.json cannot be read: ENOENT",
    );
    await expect(findShape("x", { config: join(ROOT, "LICENSE") })).rejects.toThrow(
      /LICENSE is no JSON; it must be the config\.json of a Hugging Face model$/,
    );
    await expect(findShape("qwen", { fetch: noHub })).rejects.toThrow(
      "qwen is no Hugging Face id; write it as OWNER/NAME, for example Qwen/Qwen3-32B",
    );
  });
});

describe("a request", () => {
  test("lengths left open fit the context, and the context what is told", async () => {
    const lengths = async (line: string) => {
      const { contextTokens, inputTokens, outputTokens } = await requestOf(modelOptions(line));
      return [contextTokens, inputTokens, outputTokens];
    };
    expect(await lengths("--model Qwen/Qwen3-8B")).toEqual([32_768, 1024, 256]);
    expect(await lengths("--model allenai/OLMo-2-0425-1B-Instruct")).toEqual([4096, 1024, 256]);
    expect(await lengths("--model Qwen/Qwen3-8B --context 300")).toEqual([300, 150, 150]);
    expect(await lengths("--model Qwen/Qwen3-8B --input 39k --output 1k")).toEqual([40_960, 39_936, 1024]);
  });

  test("a model in no table is planned from its config.json, and says what fits", async () => {
    const line = `--model acme/made-up --config ${CONFIG} --gpu l4,l40s --context 8k --concurrency 8 --json`;
    const { text, fits } = await planAdHoc(modelOptions(line), { fetch: noHub });
    const answer = JSON.parse(text);
    expect(fits).toBe(true);
    expect(answer.options.map(({ gpu, gpusPerReplica }: RankedOption) => `${gpusPerReplica} ${gpu}`)).toContain("1 l4");
    // 6 key and value heads divide among 1, 2 GPUs and not among 4 or 8.
    expect(answer.unfit).toHaveLength(4);
    const { inputTokens, outputTokens, gpus } = answer.request;
    expect([inputTokens, outputTokens, gpus]).toEqual([1024, 256, ["l4", "l40s"]]);
  });

  test("nothing fits: the numbers and the way out", async () => {
    const { text, fits } = await planAdHoc(modelOptions("--model deepseek-ai/DeepSeek-R1 --gpu h100 --gpus 1"));
    expect(fits).toBe(false);
    expect(text).toContain("1 × h100:  needs 626.7 GiB for weights");
    expect(text).toContain("\nWhat would fit: 8 h200 instead of 1 h100");
  });
});

const BUDGET: MemoryBudget = {
  ...{ deviceGib: 44.4, budgetGib: 40.8, weightsGib: 15.3, activationGib: 1.4, nonTorchGib: 0.13, cudaGraphsGib: 0.5 },
  ...{ availableKvGib: 23.5, kvPerSequenceGib: 4.5, kvTokens: 171_230, concurrency: 5, maxSequences: 256 },
  maxBatchedTokens: 2048,
};
const OPTION: RankedOption = {
  ...{ gpu: "l40s", gpusPerReplica: 1, format: "fp8", native: true, instanceType: "g6e.xlarge", spot: true },
  ...{ nodes: 2, replicas: 2, usdPerHour: 1.8, budget: BUDGET, requestsPerReplica: 100 },
  ...{ firstTokenSeconds: 0.1234, tokenSeconds: 0.025, answerSeconds: 6.5, tokensPerSecond: 1000 },
  ...{ saturatedTokensPerSecond: 1500, usdPerMillionTokens: 0.5, fullUsdPerMillionTokens: 0.1667 },
  coldStart: {
    stages: [
      { name: "boot", seconds: 30.4, how: "" },
      { name: "weights", seconds: 9.6, how: "" },
    ],
    totalSeconds: 40,
    savings: [],
  },
};
const PLAN: Plan = {
  options: [
    OPTION,
    {
      ...{
        ...OPTION,
        gpu: "a100",
        gpusPerReplica: 8,
        native: false,
        instanceType: "p4d.24xlarge",
        spot: false,
        nodes: 1,
      },
      ...{ replicas: 1, usdPerHour: 21.957642, usdPerMillionTokens: 12.34, fullUsdPerMillionTokens: 123.4 },
      why: "25 times the price; an answer only takes 2.0 s instead of 6.5 s",
    },
  ],
  unfit: [
    {
      ...{ gpu: "l4", gpusPerReplica: 1, why: "has too little", reason: "all numbers" },
      ...{ alternatives: ["2 l4 instead of 1", "a context of 1024 tokens"], onSameGpus: ["a context of 1024 tokens"] },
    },
  ],
};

describe("the table", () => {
  test("options, why the others lose, what does not fit", async () => {
    const shape = await findShape("Qwen/Qwen3-8B");
    const request: PlanRequest = {
      ...{ shape, format: "fp8", gpus: ["l40s", "a100", "l4"], contextTokens: 32_768, concurrency: 16 },
      ...{ inputTokens: 1024, outputTokens: 256 },
    };
    const api = {
      blendedUsdPerMillion: 0.32,
      ownUsdPerMillion: 0.1,
      breakEven: { tokensPerDay: 163e6, replicas: 1, usdPerDay: 52.4 },
    };
    expect(planText(request, PLAN, api).split("\n")).toEqual([
      "Qwen/Qwen3-8B: 8.2 B weights in fp8; 16 requests at a time of 1024 tokens in and 256 out, context of 32k",
      "Prices: US dollars, on demand in us-east-1, 2026-07-20, and your own.",
      "",
      "#  replica   nodes                  replicas  USD/h  first s  next ms  tokens/s  USD/M  USD/M full  KV tokens  at 32k  wake s",
      "1  1 × l40s  2 × g6e.xlarge (spot)         2   1.80     0.12     25.0      1000   0.50        0.17     171230       5      40",
      "2  8 × a100  p4d.24xlarge                  1  21.96     0.12     25.0      1000   12.3         123     171230       5      40",
      "",
      "first s, next ms: from a request to its first token, and for each token after it. tokens/s: output of all replicas.",
      "USD/M: a million output tokens with the wanted requests around the clock; full: with every GPU of the nodes saturated.",
      "KV tokens: room for keys and values of one replica, and how many requests of full length that is at a time.",
      "wake s: from the first request while everything sleeps to a ready engine.",
      "",
      "Why not the first:",
      "  2  8 × a100:  25 times the price; an answer only takes 2.0 s instead of 6.5 s",
      "",
      "Do not fit:",
      "  1 × l4:  has too little; would fit: a context of 1024 tokens",
      "",
      "a100 cannot multiply fp8: weights are unpacked first, which saves memory, not time.",
      "",
      "The first wakes in 40 s: boot 30 + weights 10",
      "",
      "Against an API at 0.32 USD for a million tokens of this mix: cheaper from 163 million tokens a day on " +
        "(52 USD a day, 1 × the first option, control plane included).",
    ]);
  });
});

describe("the command", () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      execFile("npx", ["tsx", "scripts/plan.ts", ...args], { cwd: ROOT }, (error, out, err) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
      });
    });

  test("prints the plan and ends with 0; 2 for a wrong line; 1 for a file that is no config", async () => {
    const good = await run(
      "--model",
      "Qwen/Qwen3-32B",
      "--gpu",
      "l40s,h100",
      "--context",
      "32k",
      "--concurrency",
      "32",
    );
    expect([good.code, good.err]).toEqual([0, ""]);
    expect(good.out).toContain("\n1  ");
    const wrong = await run("--model", "Qwen/Qwen3-32B", "--gpu", "a10");
    expect([wrong.code, wrong.out, wrong.err]).toEqual([
      2,
      "",
      "--gpu a10: AWS has the A10G, not the A10; write --gpu a10g\n",
    ]);
    const folder = await mkdtemp(join(tmpdir(), "pilotlight-plan-"));
    try {
      const file = join(folder, "config.json");
      writeFileSync(file, '{"model_type": "llama"}');
      const bad = await run("--config", file);
      expect([bad.code, bad.out]).toEqual([1, ""]);
      expect(bad.err).toMatch(/^config of .+config\.json lacks num_hidden_layers/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("does without Pulumi where no stack is asked for", async () => {
    const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
      const program = `require("./scripts/plan-ad-hoc.ts");
        console.log(Object.keys(require.cache).filter((file) => /@pulumi|stacks\\//.test(file)).length)`;
      execFile("npx", ["tsx", "-e", program], { cwd: ROOT }, (error, stdout) =>
        resolve({ code: error ? 1 : 0, out: stdout.trim() }),
      );
    });
    expect([code, out]).toEqual([0, "0"]);
  });
});
