import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { calibrate } from "../../planner/calibrate";
import type { WeightFormat } from "../../planner/model-shape";
import { MODELS } from "../../planner/models";
import { CONSTANT_NAMES, SPEED_CONSTANTS } from "../../planner/speed-constants";
import { type PlannerFigures, plannerFigures, shapesOf } from "../../rehearsal/bench/planner";
import { formatOf, servingRows } from "../../rehearsal/bench/planner-rows";
import { plannerTable } from "../../rehearsal/bench/planner-table";

const ROOT = join(__dirname, "../..");
const SERVING = join(ROOT, "test/data/measured-serving.csv");
const MEMORY = join(ROOT, "test/data/measured-memory.csv");
const HEADER = "model,quant,gpu,tp,concurrency,isl,osl,ttft_ms,tpot_ms";
const MEMORY_HEADER = "model,gpu,tp,max_model_len,gpu_mem_util,available_kv_gib,status";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "bench-planner-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, ...lines: string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

describe("on the rows of the repository", () => {
  let figures: PlannerFigures;
  beforeAll(() => {
    figures = plannerFigures({ data: SERVING, memory: MEMORY });
  });

  test("all rows are predicted, within the errors the planner promises", () => {
    const { tpot, ttft, memory, skipped } = figures;
    expect(skipped).toEqual([]);
    expect([tpot.rows, ttft.rows]).toEqual([240, 84]);
    expect(tpot.medianAbsPctError).toBeLessThanOrEqual(7);
    expect(tpot.leaveOneGpuOut).toBeLessThanOrEqual(10);
    expect(tpot.leaveOneModelOut).toBeLessThanOrEqual(12);
    expect(ttft.medianAbsPctError).toBeLessThanOrEqual(12);
    expect(ttft.leaveOneGpuOut).toBeLessThanOrEqual(15);
    expect(ttft.leaveOneModelOut).toBeLessThanOrEqual(30);
    expect(memory.maxAbsErrorGiB).toBeLessThanOrEqual(0.5);
    expect(memory.verdicts.filter(({ right }) => !right)).toEqual([]);
  });

  test("the textbook and one constant are several times worse", () => {
    expect(figures.tpot.baselines.textbook).toBeGreaterThan(55);
    expect(figures.tpot.baselines.oneConstant).toBeGreaterThan(45);
    expect(figures.ttft.baselines.textbook).toBeGreaterThan(80);
  });

  test("errors are told per model, GPU and tensor parallel size", () => {
    expect(Object.keys(figures.tpot.perModel)).toEqual([
      "meta-llama/Llama-3.1-70B",
      "nvidia/Llama-3.1-8B-Instruct-FP8",
      "openai/gpt-oss-120b",
    ]);
    expect(Object.keys(figures.tpot.perGpu)).toEqual(["H100-SXM", "H200-SXM"]);
    expect(Object.keys(figures.tpot.perTensorParallel)).toEqual(["1", "2", "4", "8"]);
    // No row of this model has 8 clients or fewer.
    expect(figures.ttft.perModel["nvidia/Llama-3.1-8B-Instruct-FP8"]).toBeNull();
  });

  test("the shipped constants are what calibration finds", () => {
    const found = calibrate(servingRows(SERVING, readFileSync(SERVING, "utf8"), shapesOf()).rows);
    for (const name of CONSTANT_NAMES)
      expect(Math.abs(found[name] / SPEED_CONSTANTS[name] - 1), name).toBeLessThan(0.01);
  });

  test("the table says the same for people", () => {
    const table = plannerTable(figures);
    expect(table).toMatch(/240 and 84 rows +per token +first/);
    expect(table).toContain("Skipped: 0");
    expect(table.split("\n").find((line) => line.includes("nvidia/Llama-3.1-8B"))).toMatch(/%\s+-$/);
  });
});

describe("on a file with rows that cannot be predicted", () => {
  test("each is named with its line and the reason, and the others count", () => {
    const data = file(
      "odd.csv",
      HEADER,
      "meta-llama/Llama-3.1-70B,fp8,H100-SXM,2,4,1024,1024,121.31,17.407",
      "nobody/Nothing-1B,fp8,H100-SXM,2,4,1024,1024,121.31,17.407",
      "meta-llama/Llama-3.1-70B,fp7,H100-SXM,2,4,1024,1024,121.31,17.407",
      "meta-llama/Llama-3.1-70B,fp8,TPU-v9,2,4,1024,1024,121.31,17.407",
      "meta-llama/Llama-3.1-70B,fp8,H100-SXM,2,many,1024,1024,121.31,17.407",
      "meta-llama/Llama-3.1-70B,fp8,H100-SXM,2,4,1024,1024,,",
      "meta-llama/Llama-3.1-70B,fp8,H100-SXM,2,4,1024,1024,,17.407",
    );
    const { tpot, ttft, skipped } = plannerFigures({ data, memory: MEMORY });
    expect([tpot.rows, ttft.rows]).toEqual([2, 1]);
    expect(skipped.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      "3: model nobody/Nothing-1B is in no table, and --configs names no folder with its config.json",
      '4: quant "fp7" is no format the planner knows',
      '5: gpu "TPU-v9" is in no table',
      '6: concurrency is "many", not a number above 0',
      "7: neither tpot_ms nor ttft_ms",
    ]);
    expect(skipped[0]?.row).toBe(
      "model nobody/Nothing-1B, quant fp8, gpu H100-SXM, tp 2, concurrency 4, isl 1024, osl 1024",
    );
    // One model and one GPU: nothing is left to calibrate on.
    expect([tpot.leaveOneModelOut, tpot.leaveOneGpuOut]).toEqual([null, null]);
  });

  test("a column that is missing is told with those there are", () => {
    const data = file("short.csv", "model,gpu", "a,b");
    expect(() => plannerFigures({ data, memory: MEMORY })).toThrow(
      `${data} has no column quant, tp, concurrency, isl, osl, ttft_ms, tpot_ms; its first line names model, gpu`,
    );
  });
});

describe("models that are in no table", () => {
  const config = {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: 4096,
    intermediate_size: 14_336,
    max_position_embeddings: 8192,
    num_attention_heads: 32,
    num_hidden_layers: 32,
    num_key_value_heads: 8,
    tie_word_embeddings: false,
    torch_dtype: "bfloat16",
    vocab_size: 128_256,
  };
  const row = (model: string) => `${model},bf16,A100-SXM-80GB,1,1,512,512,80,9.9`;

  test("come from the folder of configs, and predict what the same shape in the table predicts", () => {
    const configs = join(dir, "configs");
    mkdirSync(configs);
    writeFileSync(join(configs, "acme--Roadrunner-8B.json"), JSON.stringify(config));
    writeFileSync(join(configs, "acme--Broken-8B.json"), JSON.stringify({ ...config, num_hidden_layers: undefined }));
    const data = file("acme.csv", HEADER, row("acme/Roadrunner-8B"), row("acme/Broken-8B"), row("acme/Missing-8B"));
    const { tpot, skipped } = plannerFigures({ data, memory: MEMORY, configs });
    const listed = file("listed.csv", HEADER, row("meta-llama/Llama-3.1-8B-Instruct"));
    expect(tpot.rows).toBe(1);
    expect(tpot.medianAbsPctError).toBe(plannerFigures({ data: listed, memory: MEMORY }).tpot.medianAbsPctError);
    expect(skipped).toHaveLength(2);
    expect(skipped[0]?.reason).toMatch(/acme--Broken-8B\.json: .*num_hidden_layers/);
    expect(skipped[1]?.reason).toBe(
      `model acme/Missing-8B is in no table, and there is no ${join(configs, "acme--Missing-8B.json")}`,
    );
  });
});

describe("memory", () => {
  test("a failure that was measured and one that is predicted are the same verdict", () => {
    const memory = file(
      "memory.csv",
      MEMORY_HEADER,
      "Llama-3.3-70B-FP8,H100-80GB,1,16000,0.9,,oom",
      "deepseek-ai/DeepSeek-R1,H200-SXM,1,8192,0.9,,out of memory",
      "Llama-3.1-8B,H100-80GB,1,16000,0.9,51.38,ok",
      "Llama-3.1-8B,TPU,1,16000,0.9,51.38,ok",
    );
    const { memory: errors, skipped } = plannerFigures({ data: SERVING, memory });
    expect(errors.verdicts.map(({ predicted, measured, right }) => [predicted, measured, right])).toEqual([
      ["does not fit", "does not fit", true],
      ["does not fit", "does not fit", true],
      ["fits", "fits", true],
    ]);
    expect(errors.verdicts[1]?.measuredKvGiB).toBeNull();
    expect(errors.maxAbsErrorGiB).toBeLessThan(0.5);
    expect(skipped.map(({ line, reason }) => `${line}: ${reason}`)).toEqual(['5: gpu "TPU" is in no table']);
  });
});

const BF16_MODEL = "meta-llama/Llama-3.1-8B-Instruct";

test.each<[string, string, WeightFormat]>([
  ["fp8", BF16_MODEL, "fp8"],
  ["FP8_block", BF16_MODEL, "fp8"],
  ["fp16", BF16_MODEL, "bf16"],
  ["bfloat16", BF16_MODEL, "bf16"],
  ["", BF16_MODEL, "bf16"],
  ["AWQ", BF16_MODEL, "int4"],
  ["gptq-w4a16", BF16_MODEL, "int4"],
  ["w8a8", BF16_MODEL, "int8"],
  ["nvfp4", BF16_MODEL, "nvfp4"],
  ["fp4", BF16_MODEL, "nvfp4"],
  ["fp4", "openai/gpt-oss-120b", "mxfp4"],
  ["", "openai/gpt-oss-120b", "mxfp4"],
  ["Q4_K_M", BF16_MODEL, "gguf-q4"],
])("quant %j of %s is %s", (quant, name, format) => {
  const shape = MODELS[name];
  if (!shape) throw new Error(`no ${name} in the table`);
  expect(formatOf(quant, shape)).toBe(format);
});

describe("the command", () => {
  const bench = ["--import", "tsx", join(ROOT, "rehearsal/bench/cli.ts")];

  test("prints nothing but JSON with --json", () => {
    const data = file("one.csv", HEADER, "meta-llama/Llama-3.1-70B,fp8,H100-SXM,2,4,1024,1024,121.31,17.407");
    const out = execFileSync(process.execPath, [...bench, "planner", "--data", data, "--json"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    const figures: PlannerFigures = JSON.parse(out);
    expect(Object.keys(figures)).toEqual(["tpot", "ttft", "memory", "skipped"]);
    expect(figures).toEqual(plannerFigures({ data, memory: MEMORY }));
  });

  test("names a wrong option, a wrong name and a file that is missing", () => {
    const run = (...args: string[]) => {
      const { status, stderr, stdout } = spawnSync(process.execPath, [...bench, ...args], {
        cwd: ROOT,
        encoding: "utf8",
      });
      return { status, text: stderr + stdout };
    };
    expect(run("planner", "--dta", "x")).toMatchObject({ status: 2, text: expect.stringContaining("--dta") });
    expect(run("planner", "x.csv")).toMatchObject({ status: 2, text: expect.stringContaining("x.csv") });
    expect(run("planner", "--data", "none.csv")).toMatchObject({
      status: 2,
      text: expect.stringContaining("none.csv"),
    });
    expect(run("plan")).toMatchObject({ status: 2, text: expect.stringContaining("no bench called plan") });
  });
});
