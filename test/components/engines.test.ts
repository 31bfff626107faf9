import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  COMMON_ENGINE_ENV,
  ENGINE_NAMES,
  ENGINES,
  type EngineLaunch,
  VLLM_GPU_MEMORY_UTILIZATION,
} from "../../components/engines";
import { images } from "../../components/versions";

const facts = (file: string) =>
  new Set(
    readFileSync(join(__dirname, "..", "data", file), "utf8")
      .split("\n")
      .filter((line) => line !== ""),
  );

const launch = (change: Partial<EngineLaunch> = {}): EngineLaunch => ({
  servedName: "qwen",
  weights: { kind: "s3", uri: "s3://store/models/qwen" },
  contextLength: 32768,
  gpus: 1,
  memoryMib: 24_576,
  hold: { shutdownTimeoutSeconds: 300 },
  extraArgs: [],
  ...change,
});
const HUB = { kind: "hub", repository: "Qwen/Qwen3-8B", revision: "0123abc" } as const;
const { vllm } = ENGINES;
/** Every way in which the flags can differ. */
const LAUNCHES = [
  launch(),
  launch({ weights: HUB }),
  launch({ gpus: 4, memoryMib: 163_840, quantization: "fp8" }),
  launch({ weights: HUB, gpus: 8, quantization: "awq" }),
];

test("the table has one engine", () => {
  expect(ENGINE_NAMES).toEqual(["vllm"]);
});

describe("vLLM", () => {
  test("streams from S3 in the order that a reader of `ps` expects, the user's flags last", () => {
    expect(vllm.args(launch({ quantization: "fp8", extraArgs: ["--max-num-seqs=64"] }))).toEqual([
      "s3://store/models/qwen",
      "--load-format=runai_streamer",
      '--model-loader-extra-config={"concurrency":16,"memory_limit":10307502080}',
      "--served-model-name=qwen",
      "--tensor-parallel-size=1",
      "--max-model-len=32768",
      "--gpu-memory-utilization=0.92",
      "--quantization=fp8",
      "--shutdown-timeout=300",
      "--disable-access-log-for-endpoints=/health,/metrics",
      "--max-num-seqs=64",
    ]);
  });

  test("reads from the hub at one commit, tokenizer too", () => {
    expect(vllm.args(launch({ weights: HUB })).slice(0, 4)).toEqual([
      "Qwen/Qwen3-8B",
      "--revision=0123abc",
      "--tokenizer-revision=0123abc",
      "--served-model-name=qwen",
    ]);
  });

  test("has every flag in the pinned version, for the version it was listed from", () => {
    expect(images.vllm.tag).toBe("v0.32.0");
    const known = facts("vllm-flags-0.32.0.txt");
    const flags = LAUNCHES.flatMap(vllm.args).filter((argument) => argument.startsWith("--"));
    expect(flags.length).toBeGreaterThan(30);
    for (const flag of flags) expect(known, flag).toContain(flag.replace(/=.*$/s, ""));
  });

  test("sets no flag twice", () => {
    for (const each of LAUNCHES) {
      const flags = vllm.args(each).map((argument) => argument.replace(/=.*$/s, ""));
      expect(new Set(flags).size).toBe(flags.length);
    }
  });

  test("shows every metric that the picker reads, and counts the tokens that tell of its use", () => {
    const known = facts("vllm-metrics-0.32.0.txt");
    for (const metric of [...Object.values(vllm.metrics), ...vllm.tokenCounters])
      expect(known, metric).toContain(metric);
    const types = JSON.parse(readFileSync(join(__dirname, "..", "data", "vllm-metrics.json"), "utf8"));
    for (const counter of vllm.tokenCounters)
      expect(types[counter]).toEqual({ type: "counter", labels: ["engine", "model_name"] });
  });

  test("all its processes' buffers together stay well inside the pod's memory", () => {
    for (const each of LAUNCHES.filter(({ weights }) => weights.kind === "s3")) {
      const config = vllm.args(each).find((argument) => argument.startsWith("--model-loader-extra-config="));
      const loader = JSON.parse(config?.replace(/^[^=]*=/, "") ?? "");
      expect(loader.memory_limit * each.gpus).toBeLessThanOrEqual(each.memoryMib * 2 ** 20 * 0.4);
      expect(loader.memory_limit * each.gpus).toBeGreaterThan(each.memoryMib * 2 ** 20 * 0.39);
      // With several GPUs each process reads its part alone, not all of them everything.
      expect(loader.distributed).toBe(each.gpus > 1 ? true : undefined);
    }
  });

  test("plans with a share of the GPU's memory that leaves some", () => {
    expect(VLLM_GPU_MEMORY_UTILIZATION).toBeGreaterThan(0.5);
    expect(VLLM_GPU_MEMORY_UTILIZATION).toBeLessThan(1);
  });

  test("asks the hub for nothing when the weights are in S3, and reports to nobody", () => {
    expect(vllm.env(launch())).toEqual({
      VLLM_CACHE_ROOT: "/cache/compile/vllm",
      VLLM_NO_USAGE_STATS: "1",
      HF_HUB_OFFLINE: "1",
    });
    expect(vllm.env(launch({ weights: HUB }))).not.toHaveProperty("HF_HUB_OFFLINE");
    expect(COMMON_ENGINE_ENV.DO_NOT_TRACK).toBe("1");
  });

  test("runs as a user that is not root, on the port and paths that probes and picker ask", () => {
    expect(vllm).toMatchObject({
      image: images.vllm,
      command: ["vllm", "serve"],
      userId: 2000,
      groupId: 0,
      port: 8000,
      healthPath: "/health",
      metricsPath: "/metrics",
    });
  });
});

test("every cache is on the volume; what is compiled is in the part that S3 keeps", () => {
  const paths = { ...COMMON_ENGINE_ENV, ...vllm.env(launch()) };
  const folders = Object.entries(paths).filter(([, value]) => value.startsWith("/") && !value.includes(":"));
  expect(folders.map(([name]) => name).sort()).toEqual([
    "FLASHINFER_WORKSPACE_BASE",
    "HF_HOME",
    "HOME",
    "TORCHINDUCTOR_CACHE_DIR",
    "TRITON_CACHE_DIR",
    "VLLM_CACHE_ROOT",
    "XDG_CACHE_HOME",
  ]);
  for (const [name, folder] of folders) expect(folder, name).toMatch(/^\/cache\//);
  for (const name of ["FLASHINFER_WORKSPACE_BASE", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "VLLM_CACHE_ROOT"])
    expect(Object.fromEntries(folders)[name], name).toMatch(/^\/cache\/compile\//);
});

test("the driver's own libraries come before the image's", () => {
  expect(COMMON_ENGINE_ENV.LD_LIBRARY_PATH?.split(":")[0]).toBe("/usr/local/nvidia/lib64");
});
