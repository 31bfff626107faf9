import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../scripts/key-options";
import { chosen, parseWhyOptions, USAGE, type WhyOptions } from "../../scripts/why-options";
import { PROJECT_ROOT } from "../../stacks/stack-file";

const faultsOf = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error.faults;
    throw error;
  }
  throw new Error("it is accepted");
};

describe("the command line", () => {
  test.each<[string, WhyOptions]>([
    ["--stack dev", { command: "run", stack: "dev", json: false, models: [] }],
    ["qwen3-8b -s dev --json", { command: "run", stack: "dev", json: true, models: ["qwen3-8b"] }],
    ["a b a", { command: "run", stack: undefined, json: false, models: ["a", "b"] }],
    ["--nonsense --help", { command: "help" }],
  ])("%s", (line, options) => {
    expect(parseWhyOptions(line.split(" "))).toEqual(options);
  });
  test.each([
    ["--stak dev", ['there is no --stak; did you mean "--stack"?']],
    ["--stack", ["--stack needs a value"]],
    ["--stack a --stack b", ["--stack is given twice; give it once"]],
    ["--json=yes", ["--json takes no value"]],
  ])("%s is refused", (line, faults) => {
    expect(faultsOf(() => parseWhyOptions(line.split(" ")))).toEqual(faults);
  });
});

describe("the models that are explained", () => {
  test("all where none is named", () => expect(chosen([], ["a", "b"])).toEqual(["a", "b"]));
  test("those that are named", () => expect(chosen(["b"], ["a", "b"])).toEqual(["b"]));
  test("one that there is not is named with those there are", () => {
    expect(faultsOf(() => chosen(["qwen3-8"], ["qwen3-8b", "qwen3-32b"]))).toEqual([
      'there is no model "qwen3-8"; did you mean "qwen3-8b"?; the cluster has qwen3-8b, qwen3-32b',
    ]);
    expect(faultsOf(() => chosen(["x"], []))).toEqual(['there is no model "x": the cluster has none']);
  });
});

describe("the command", () => {
  const why = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", join(PROJECT_ROOT, "scripts/why.ts"), ...args], {
      cwd: PROJECT_ROOT,
      encoding: "utf8",
    });
  test("says how it is used", () => {
    expect(why("--help")).toMatchObject({ status: 0, stdout: `${USAGE}\n` });
  });
  test("ends with 2 for a wrong command line", () => {
    expect(why("--stak=dev")).toMatchObject({
      status: 2,
      stderr: 'there is no --stak; did you mean "--stack"?\n\nnpm run why -- --help tells more\n',
    });
  });
});
