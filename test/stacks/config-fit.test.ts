import { describe, expect, test } from "vitest";
import { ConfigError } from "../../components/errors";
import { parseStack } from "../../stacks/config-read";

const COMMIT = "9216db5781bf21249d130ec9da846c4624c16137";

/** Faults of a stack with one model on one pool. */
function told(model: Record<string, unknown>, pool: Record<string, unknown>): string[] {
  try {
    parseStack(
      {
        cluster: { zones: ["us-east-1a", "us-east-1b"] },
        gpuPools: { pool: { maxGpus: 8, ...pool } },
        models: { big: { contextLength: "32k", ...model } },
      },
      { region: "us-east-1", aws: {}, today: "2026-11-24", running: false },
    );
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

describe("a model that cannot work is refused with the numbers and what would", () => {
  test("32B in 16 bits and 32k of context on one H100", () => {
    expect(told({ source: `hf://Qwen/Qwen3-32B@${COMMIT}`, gpu: "h100" }, { gpu: "h100" })).toEqual([
      expect.stringMatching(
        /^models\.big\.gpu\[0\]: does not fit pool pool: Qwen\/Qwen3-32B \(32\.8 B weights, bf16\) on one h100: 61\.0 GiB weights .* leave \d\.\d GiB for keys and values; one sequence of 32768 tokens needs 8\.0 GiB; would fit: .+/,
      ),
    ]);
  });

  test("a shorter context fits, and so does fp8", () => {
    const source = `hf://Qwen/Qwen3-32B@${COMMIT}`;
    expect(told({ source, gpu: "h100", contextLength: "16k" }, { gpu: "h100" })).toEqual([]);
    expect(told({ source, gpu: "h100", quantization: "fp8" }, { gpu: "h100" })).toEqual([]);
  });

  test("a published copy is taken in the format and under the name that it has", () => {
    const on = (repository: string, gpusPerReplica: number) =>
      told(
        { source: `hf://${repository}@${COMMIT}`, gpu: "h100", gpusPerReplica, contextLength: "8k" },
        { gpu: "h100", gpusPerNode: 8 },
      );
    expect(on("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", 2)).toEqual([]);
    expect(on("example/Llama-3.3-70B-Instruct-AWQ", 1)).toEqual([]);
    expect(on("example/Llama-3.3-70B-Instruct-GGUF", 1)).toEqual([]);
    expect(on("example/Llama-3.3-70B-Instruct-FP8", 1)[0]).toContain(
      "example/Llama-3.3-70B-Instruct-FP8 (70.6 B weights, fp8) on one h100",
    );
  });

  test("DeepSeek R1 on one card", () => {
    expect(told({ source: `hf://deepseek-ai/DeepSeek-R1@${COMMIT}`, gpu: "h100" }, { gpu: "h100" })[0]).toMatch(
      /^models\.big\.gpu\[0\]: does not fit pool pool: deepseek-ai\/DeepSeek-R1 \(671\.0 B weights, fp8\) on one h100/,
    );
  });

  test("left out, the GPUs of a replica are the fewest that fit the pool's nodes", () => {
    const parsed = (gpusPerNode: number, model: Record<string, unknown> = {}) =>
      parseStack(
        {
          cluster: { zones: ["us-east-1a", "us-east-1b"] },
          gpuPools: { pool: { gpu: "l40s", gpusPerNode, maxGpus: 8 } },
          models: {
            big: { source: `hf://Qwen/Qwen3-32B@${COMMIT}`, contextLength: "16k", gpu: "l40s", ...model },
          },
        },
        { region: "us-east-1", aws: {}, today: "2026-11-24", running: false },
      ).models.big?.gpusPerReplica;
    expect(parsed(4)).toBe(2);
    expect(parsed(4, { source: `hf://Qwen/Qwen3-8B@${COMMIT}` })).toBe(1);
    expect(parsed(4, { gpusPerReplica: 4 })).toBe(4);
    expect(parsed(4, { source: `hf://nobody/unheard-of@${COMMIT}` })).toBe(1);
  });

  test("a context beyond the model's own, unless a flag stretches it", () => {
    const source = `hf://Qwen/Qwen3-8B@${COMMIT}`;
    const pool = { gpu: "h100" };
    expect(told({ source, gpu: "h100", contextLength: "64k" }, pool)[0]).toMatch(
      /Qwen\/Qwen3-8B knows at most 40960 tokens of context, not 65536; would fit: a context of 40960 tokens/,
    );
    const engineArgs = ['--hf-overrides={"rope_scaling":{"rope_type":"yarn","factor":4.0}}'];
    expect(told({ source, gpu: "h100", contextLength: "64k", engineArgs }, pool)).toEqual([]);
  });

  test("of a model in no table nothing is said", () => {
    expect(told({ source: `hf://nobody/unheard-of-700B@${COMMIT}`, gpu: "a10g" }, { gpu: "a10g" })).toEqual([]);
  });
});
