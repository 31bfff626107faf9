import { describe, expect, test } from "vitest";
import { parseOptions, UsageError } from "../../rehearsal/options";
import { changeIdleTime, readStackFile, stackNames, withPlaceholders } from "../../rehearsal/workspace";

describe("the command line", () => {
  const known = ["dev", "prod", "rehearsal"];

  test.each([
    [[], { stacks: ["rehearsal"], help: false }],
    [["--stack", "dev", "--stack", "prod"], { stacks: ["dev", "prod"], help: false }],
    [["--all"], { stacks: known, help: false }],
    [["-h"], { stacks: ["rehearsal"], help: true }],
    [["--json", "out.json"], { stacks: ["rehearsal"], json: "out.json", help: false }],
  ])("%j", (argv, options) => {
    expect(parseOptions(argv, known)).toEqual({ json: undefined, ...options });
  });

  test("an unknown stack is told with those there are", () => {
    expect(() => parseOptions(["--stack", "prd"], known)).toThrow(
      new UsageError("there is no stack file stacks/Pulumi.prd.yaml; --stack can be: dev, prod, rehearsal"),
    );
  });

  test("an unknown flag is told with the usage", () => {
    expect(() => parseOptions(["--stak", "dev"], known)).toThrow(
      /Unknown option '--stak'[\s\S]*Usage: npm run rehearse/,
    );
  });
});

test("every stack file of the checkout is found", () => {
  expect(stackNames().sort()).toEqual(["dev", "prod", "rehearsal", "staging"]);
});

test("an encrypted setting is left out and named", () => {
  expect(withPlaceholders({ "aws:region": "eu-west-1", "pilotlight:huggingFaceToken": { secure: "v1:abc" } })).toEqual({
    plain: { "aws:region": "eu-west-1" },
    secrets: ["pilotlight:huggingFaceToken"],
  });
});

test("the rehearsed change is one setting, and the original stays as it was", () => {
  const { config } = readStackFile("rehearsal");
  const before = JSON.stringify(config);
  const { changed, what } = changeIdleTime(config);
  expect(what).toBe("models.qwen3-8b.idleAfter: 5m → 11m");
  expect(JSON.stringify(config)).toBe(before);
  expect(JSON.stringify(changed)).toBe(before.replace('"idleAfter":"5m"', '"idleAfter":"11m"'));
});
