import { describe, expect, test } from "vitest";
import { GPU_NAMES } from "../../planner/gpus";
import { parseOptions, USAGE } from "../../scripts/plan-options";
import { UsageError } from "../../scripts/plan-values";

const refusal = (line: string): string => {
  try {
    parseOptions(line.split(" "));
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error(`${line} is accepted`);
};

describe("what is accepted", () => {
  test("a model with everything", () => {
    const line =
      "--model Qwen/Qwen3-32B --gpu l40s,h100 --gpu H100 --context 32k --concurrency 32 --quantization awq --input 1k " +
      "--output 256 --gpus 2 --price g6e.xlarge=1.5 --price nat-hour=0.05 --spot g6e.12xlarge=4 --api-price 0.2/0.8 --json";
    expect(parseOptions(line.split(" "))).toEqual({
      kind: "model",
      model: "Qwen/Qwen3-32B",
      config: undefined,
      gpus: ["l40s", "h100"],
      gpusPerReplica: 2,
      contextTokens: 32_768,
      concurrency: 32,
      format: "int4",
      apiPrice: { input: 0.2, output: 0.8 },
      inputTokens: 1024,
      outputTokens: 256,
      prices: { "g6e.xlarge": 1.5, "nat-hour": 0.05 },
      spot: { "g6e.12xlarge": 4 },
      json: true,
    });
  });

  test("a model alone looks at every GPU", () => {
    expect(parseOptions(["--model", "a/b"])).toMatchObject({
      gpus: GPU_NAMES,
      concurrency: 16,
      prices: {},
      json: false,
    });
    expect(parseOptions(["--config", "dir/config.json"])).toMatchObject({ model: "dir/config.json" });
  });

  test("a stack, with files for its models", () => {
    expect(parseOptions(["--stack", "prod", "--config", "chat=a.json", "--config", "code=b=c.json"])).toMatchObject({
      kind: "stack",
      stack: "prod",
      configs: { chat: "a.json", code: "b=c.json" },
    });
    expect(parseOptions(["--stack", "dev", "--requests", "2.5/9.5"])).toMatchObject({
      requests: { requestsPerDay: 2.5, activeHours: 9.5 },
    });
    expect(parseOptions(["--help"])).toEqual({ kind: "help" });
  });
});

test.each([
  ["--modle Qwen/Qwen3-32B", `there is no --modle; did you mean "--model"?\n\n${USAGE}`],
  ["--zzzzzzzzz", `there is no --zzzzzzzzz\n\n${USAGE}`],
  ["--json", `name what to plan: --model OWNER/NAME, or --stack NAME\n\n${USAGE}`],
  ["--model a/b --gpu a10", "--gpu a10: AWS has the A10G, not the A10; write --gpu a10g"],
  ["--model a/b --gpu g6e", "--gpu g6e: g6e is the instance family; a pool names the GPU; write --gpu l40s"],
  [
    "--model a/b --gpu l40s,h1000",
    `--gpu h1000 is no GPU of the kit, which knows ${GPU_NAMES.join(", ")}; did you mean "h100"?`,
  ],
  ["--model a/b --context 32kb", "--context 32kb is no number of tokens; write it as 32768 or 32k"],
  ["--model a/b --output 0", "--output 0 is no number of tokens; write it as 32768 or 32k"],
  ["--model a/b --concurrency 1.5", "--concurrency 1.5 is not a whole number from 1 on"],
  ["--model a/b --gpus none", "--gpus none is none of 1, 2, 4, 8"],
  [
    "--model a/b --quantization fp9",
    "--quantization fp9 is not known; write one of bf16, fp8, int8, gguf-q4, nvfp4, mxfp4, int4, gguf-q2, gguf-1.58, awq, " +
      'gptq; did you mean "fp8"?',
  ],
  ["--model a/b --price g6e.xlarge", "--price g6e.xlarge is no price; write it as --price g6e.xlarge=0.9"],
  ["--model a/b --spot g6e.xlarge=-1", "--spot g6e.xlarge=-1 is no price; write it as --spot g6e.xlarge=0.9"],
  [
    "--model a/b --api-price 0.2",
    "--api-price 0.2 is no price; write input and output, dollars for a million tokens: 0.2/0.8",
  ],
  ["--model a/b --config x.json --config y.json", "--config is given twice; a model has one"],
  ["--stack prod --config x.json", "--config x.json: with --stack say for which model: --config MODEL=FILE"],
  ...["300", "0/10", "300/0", "300/25", "-1/3", "many/3"].map((day) => [
    `--stack prod --requests=${day}`,
    `--requests ${day} is no day; write requests a day and the hours of it in which they come, at most 24: 300/10`,
  ]),
  ["--model a/b --requests 300/10", "--requests needs the idle times of a stack; plan one with --stack NAME"],
  ["--stack prod --gpu l40s --model a/b", "--stack takes what its file says, not --gpu, --model; leave one out"],
])("%s is refused", (line, message) => {
  expect(refusal(line)).toBe(message);
});

test("a price of nothing that is paid names what could be priced", () => {
  expect(refusal("--model a/b --price nat-hours=1")).toMatch(
    /^--price nat-hours=1: there is no nat-hours in a plan; did you mean "nat-hour"\?; known: g5\.xlarge, .*eks-hour, /,
  );
  expect(refusal("--model a/b --spot g6e.xlagre=1")).toMatch(
    /^--spot g6e\.xlagre=1: there is no g6e\.xlagre in a plan; did you mean "g6e\.xlarge"\?; known: g5\.xlarge, [^z]*b200\.48xlarge$/,
  );
});

test("all faults are told at once", () => {
  expect(
    refusal("--model a/b --gpus 3 --context lots --gpu l40,h10 --spot x=-1 --price g5.xlarge --concurrency 0").split(
      "\n",
    ),
  ).toEqual([
    expect.stringMatching(/^--gpu l40/),
    expect.stringMatching(/^--gpu h10 is no GPU of the kit/),
    "--gpus 3 is none of 1, 2, 4, 8",
    "--context lots is no number of tokens; write it as 32768 or 32k",
    "--concurrency 0 is not a whole number from 1 on",
    "--price g5.xlarge is no price; write it as --price g6e.xlarge=0.9",
    "--spot x=-1 is no price; write it as --spot g6e.xlarge=0.9",
  ]);
  expect(refusal("--stack prod --gpu l40s --config x.json --input many").split("\n")).toEqual([
    "--stack takes what its file says, not --gpu; leave one out",
    "--config x.json: with --stack say for which model: --config MODEL=FILE",
    "--input many is no number of tokens; write it as 32768 or 32k",
  ]);
});
