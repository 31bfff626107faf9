import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parameters } from "../../planner/parameters";
import type { RankedOption } from "../../planner/plan";
import { planAdHoc, requestOf } from "../../scripts/plan-ad-hoc";
import { findShape } from "../../scripts/plan-model";
import { type ModelOptions, parseOptions } from "../../scripts/plan-options";

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
