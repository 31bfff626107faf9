import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { parseOptions, UsageError } from "../../rehearsal/options";
import { showSettings } from "../../rehearsal/settings";
import { changeIdleTime, withPlaceholders } from "../../rehearsal/workspace";
import { readStackFile, stackNames } from "../../stacks/stack-file";

describe("the command line", () => {
  const known = ["dev", "prod", "rehearsal"];

  test.each([
    [[], { stacks: ["rehearsal"], help: false }],
    [["--stack", "dev", "--stack", "prod"], { stacks: ["dev", "prod"], help: false }],
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
  expect(stackNames().sort()).toEqual(["dev", "live", "prod", "rehearsal", "staging"]);
});

test("documentation ranges that stand for one's own machines are filled in, and nothing else", () => {
  const root = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
  mkdirSync(join(root, "stacks"));
  const write = (config: unknown) => writeFileSync(join(root, "stacks", "Pulumi.mine.yaml"), stringify({ config }));
  const cluster = (cidrs: string[]) => ({ zones: ["us-east-1a"], apiAccess: { cidrs } });
  const endpoint = { allowedCidrs: ["203.0.113.0/24"] };
  write({ "pilotlight:cluster": cluster(["8.8.8.0/24", "203.0.113.0/24"]), "pilotlight:endpoint": endpoint });
  expect(readStackFile("mine", root).config).toEqual({
    "pilotlight:cluster": cluster(["8.8.8.0/24", "198.18.0.0/24"]),
    "pilotlight:endpoint": endpoint,
  });
  // A part of one was written by a user, and is theirs to be told of.
  for (const untouched of [cluster(["203.0.113.7/32"]), { adopt: { context: "mine" } }, { apiAccess: 3 }, "none"]) {
    write({ "pilotlight:cluster": untouched });
    expect(readStackFile("mine", root).config).toEqual({ "pilotlight:cluster": untouched });
  }
  rmSync(root, { recursive: true });
});

test("what every stack file says is shown without a tool", () => {
  expect(stackNames().map((name) => showSettings(name, "2026-11-24").length)).toEqual(
    stackNames().map((name) => Object.keys(readStackFile(name).config["pilotlight:models"] as object).length),
  );
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
