import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ENGINES } from "../../components/engines";
import { REPLACED_ENV, REPLACED_FLAGS, vllmProgram } from "../../rehearsal/live/vllm-engine";

const LAUNCH = {
  servedName: "qwen3-8b",
  weights: { kind: "s3", uri: "s3://weights/Qwen/Qwen3-8B/0123abc" },
  contextLength: 16_384,
  quantization: "fp8",
  gpus: 2,
  memoryMib: 30_000,
  hold: { shutdownTimeoutSeconds: 120 },
  extraArgs: [
    "--max-num-seqs=64",
    "--kv-cache-dtype=fp8",
    "--enable-prefix-caching",
    '--default-chat-template-kwargs={"a": "b=c"}',
  ],
} as const;

const program = (podArgs: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  vllmProgram({ podArgs, env, python: "/cache/bin/python", model: "/cache/model", port: 8000 });

test("keeps the pod's flags but for what a machine without GPU and weights cannot have", () => {
  expect(program(ENGINES.vllm.args(LAUNCH))).toMatchObject({
    command: "/cache/bin/vllm",
    args: [
      "serve",
      "/cache/model",
      "--served-model-name=qwen3-8b",
      "--tensor-parallel-size=1",
      "--max-model-len=2048",
      "--shutdown-timeout=120",
      "--disable-access-log-for-endpoints=/health,/metrics",
      "--max-num-seqs=64",
      "--enable-prefix-caching",
      '--default-chat-template-kwargs={"a": "b=c"}',
      "--dtype=float32",
      "--kv-cache-memory-bytes=64M",
      "--enforce-eager",
      "--host=0.0.0.0",
      "--port=8000",
    ],
  });
});

test("weights of the hub and their revisions are replaced too", () => {
  const weights = { kind: "hub", repository: "Qwen/Qwen3-8B", revision: "0123abc" } as const;
  const { args } = program(ENGINES.vllm.args({ ...LAUNCH, weights, extraArgs: [] }));
  expect(args.slice(0, 3)).toEqual(["serve", "/cache/model", "--served-model-name=qwen3-8b"]);
  expect(args).toContain("--max-num-seqs=8");
});

test.each([
  [
    "a flag that is there anyway is not written twice",
    ["--enforce-eager", "--dtype=bfloat16"],
    ["--enforce-eager", "--dtype=float32"],
  ],
  ["a context that fits stands", ["--max-model-len=1024"], ["--max-model-len=1024"]],
  ["a context as long as the model's is the tiny one's", ["--max-model-len=auto"], ["--max-model-len=2048"]],
  ["a cache of its own size is the tiny one's", ["--kv-cache-memory-bytes=20G"], ["--kv-cache-memory-bytes=64M"]],
])("%s", (_, flags, expected) => {
  const { args } = program(["s3://weights/x", ...flags]);
  const names = expected.map((flag) => flag.split("=")[0] ?? "");
  expect(args.filter((arg) => names.includes(arg.split("=")[0] ?? ""))).toEqual(expected);
});

test("the pod's environment stays, without the driver's libraries", () => {
  const { env } = program(["s3://weights/x"], {
    HOME: "/pod",
    LD_LIBRARY_PATH: "/usr/local/nvidia/lib64",
    PATH: "/bin",
  });
  expect(env).toMatchObject({ HOME: "/pod", PATH: "/bin", HF_HUB_OFFLINE: "1" });
  expect(env).not.toHaveProperty("LD_LIBRARY_PATH");
  expect(env).not.toHaveProperty("TMPDIR");
});

test("what it would leave in /tmp goes to a folder of the run", () => {
  const args = { podArgs: ["s3://weights/x"], env: { TMPDIR: "/pod" }, python: "/p", model: "/m", port: 1 };
  expect(vllmProgram({ ...args, temporary: "/run/tmp" }).env.TMPDIR).toBe("/run/tmp");
});

test("every replacement says why, and every flag is one of vLLM's", () => {
  const known = readFileSync("test/data/vllm-flags-0.32.0.txt", "utf8").split("\n");
  for (const [flag, { why }] of Object.entries(REPLACED_FLAGS)) {
    expect(known, flag).toContain(flag);
    expect(why, flag).not.toBe("");
  }
  for (const [name, { why }] of Object.entries(REPLACED_ENV)) expect(why, name).not.toBe("");
});
