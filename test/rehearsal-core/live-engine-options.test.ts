import { describe, expect, test } from "vitest";
import { ENGINES } from "../../components/engines";
import { OptionError, readArguments, readSurroundings } from "../../rehearsal/live/engine/options";
import { paceOf } from "../../rehearsal/live/engine/pace";

const SURROUNDINGS = {
  ...{ host: "127.0.0.1", port: 8000, loadMs: 0, requestLog: "/tmp/log", model: "Qwen/Qwen3-8B", gpu: "l40s" },
} as const;

const surroundings = (json: unknown) => readSurroundings({ PILOTLIGHT_ENGINE: JSON.stringify(json) });

describe("the pod's arguments", () => {
  test("are those that the kit starts vLLM with", () => {
    const args = ENGINES.vllm.args({
      servedName: "qwen3-8b",
      weights: { kind: "s3", uri: "s3://bucket/Qwen/Qwen3-8B/0123abc" },
      contextLength: 16_384,
      quantization: "fp8",
      gpus: 2,
      memoryMib: 30_000,
      hold: { shutdownTimeoutSeconds: 900 },
      extraArgs: ["--max-num-seqs=64", "--kv-cache-dtype=fp8", "--enforce-eager"],
    });
    expect(readArguments(args)).toEqual({
      weights: "s3://bucket/Qwen/Qwen3-8B/0123abc",
      servedNames: ["qwen3-8b"],
      tensorParallel: 2,
      maxModelLen: 16_384,
      shutdownTimeoutSeconds: 900,
      maxSequences: 64,
      maxBatchedTokens: undefined,
      utilization: 0.92,
      quantization: "fp8",
      kvCacheDtype: "fp8",
    });
  });

  test("take vLLM's other spellings, and the last use of a flag", () => {
    const { servedNames, maxModelLen, maxBatchedTokens, shutdownTimeoutSeconds } = readArguments([
      ...["Qwen/Qwen3-8B", "--served-model-name", "a", "b", "--max_model_len", "16k"],
      ...["--max-num-batched-tokens=1K", "--shutdown-timeout=5", "--shutdown-timeout", "7"],
    ]);
    expect({ servedNames, maxModelLen, maxBatchedTokens, shutdownTimeoutSeconds }).toEqual({
      servedNames: ["a", "b"],
      maxModelLen: 16_000,
      maxBatchedTokens: 1024,
      shutdownTimeoutSeconds: 7,
    });
  });

  test("have vLLM's defaults: the weights' name, one GPU, no drain", () => {
    expect(readArguments(["Qwen/Qwen3-8B"])).toMatchObject({
      servedNames: ["Qwen/Qwen3-8B"],
      tensorParallel: 1,
      shutdownTimeoutSeconds: 0,
    });
    expect(readArguments(["m", "--max-model-len=auto"]).maxModelLen).toBeUndefined();
  });

  test.each([
    [[], "the first argument must be the model"],
    [["--max-model-len=4096"], "the first argument must be the model"],
    [["m", "--max-model-len=long"], '--max-model-len must be a number up to 9007199254740991, not "long"'],
    [["m", "--max-num-seqs=0"], '--max-num-seqs must be a whole number of at least 1, not "0"'],
    [["m", "--tensor-parallel-size=1.5"], '--tensor-parallel-size must be a whole number of at least 1, not "1.5"'],
    [["m", "--gpu-memory-utilization=2"], '--gpu-memory-utilization must be a number up to 1, not "2"'],
    [["m", "--shutdown-timeout"], '--shutdown-timeout must be a number up to 9007199254740991, not ""'],
  ])("%j is refused by the flag's name", (args, message) => {
    expect(() => readArguments(args)).toThrow(OptionError);
    expect(() => readArguments(args)).toThrow(message);
  });
});

describe("PILOTLIGHT_ENGINE", () => {
  test("says what the arguments do not", () => {
    expect(surroundings(SURROUNDINGS)).toEqual(SURROUNDINGS);
  });

  test("is refused with what is wrong in it", () => {
    expect(() => readSurroundings({})).toThrow("PILOTLIGHT_ENGINE is not set");
    expect(() => readSurroundings({ PILOTLIGHT_ENGINE: "{" })).toThrow("PILOTLIGHT_ENGINE is no JSON: ");
    expect(() => surroundings([])).toThrow("PILOTLIGHT_ENGINE is no JSON object");
    expect(() => surroundings({ ...SURROUNDINGS, port: 0 })).toThrow("port must be a number from 1 to 65535");
    expect(() => surroundings({ ...SURROUNDINGS, loadMs: -1 })).toThrow("loadMs must be a number from 0");
    expect(() => surroundings({ ...SURROUNDINGS, gpu: "l40" })).toThrow("gpu must be one of a10g, l4, l40s");
    expect(() => surroundings({ ...SURROUNDINGS, model: "" })).toThrow("model must be a text");
  });
});

describe("the pace", () => {
  const pace = (args: string[], model = "Qwen/Qwen3-8B") =>
    paceOf({ ...readArguments(["s3://b/m", ...args]), model, gpu: "l40s" });

  test("of a model that the planner knows has its limits and its memory", () => {
    const usual = pace(["--max-model-len=16384"]);
    expect(usual).toMatchObject({ maxSequences: 256, maxBatchedTokens: 2048, maxModelLen: 16_384 });
    // 40.8 GiB of budget without 15.3 of weights, 2 of activation and graphs, at 144 KiB a token.
    expect(usual.cacheBlocks * 16).toBeGreaterThan(150_000);
    expect(usual.cacheBlocks * 16).toBeLessThan(180_000);
    const halved = pace(["--max-model-len=16384", "--kv-cache-dtype=fp8"]);
    expect(halved.cacheBlocks / usual.cacheBlocks).toBeCloseTo(2, 2);
    expect(pace([]).maxModelLen).toBe(40_960);
  });

  test("follows the flags that change a step", () => {
    const work = { decoding: 1, contextTokens: 1000, promptTokens: 0, promptContext: 0 };
    const bf16 = pace([]).stepSeconds(work);
    expect(pace(["--quantization=fp8"]).stepSeconds(work) / bf16).toBeLessThan(0.65);
    expect(pace(["--tensor-parallel-size=2"]).stepSeconds(work) / bf16).toBeLessThan(0.75);
    expect(pace(["--max-num-seqs=64", "--max-num-batched-tokens=32"])).toMatchObject({ maxSequences: 32 });
  });

  test("of any other is 20 ms a token", () => {
    const unknown = pace([], "somebody/else");
    expect(unknown).toMatchObject({ maxSequences: 256, maxModelLen: 32_768, cacheBlocks: 16_384 });
    expect(unknown.stepSeconds({ decoding: 9, contextTokens: 1000, promptTokens: 99, promptContext: 9 })).toBe(0.02);
  });
});
