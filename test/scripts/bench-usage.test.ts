import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BenchUsage, usageFault } from "../../rehearsal/bench/usage";
import { PROJECT_ROOT } from "../../stacks/stack-file";

const missing = (path: string) => Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT", path });

test.each<[string, unknown, string[], string | undefined]>([
  ["a file that is named", missing("a.csv"), ["planner", "--data", "a.csv"], "--data a.csv: there is no such file"],
  ["the same in one word", missing("a.csv"), ["planner", "--data=a.csv"], "--data a.csv: there is no such file"],
  ["a file that is not", missing("/tmp/x"), ["planner", "--data", "a.csv"], undefined],
  ["a bench that goes alone", new BenchUsage("alone"), [], "alone"],
  ["anything else", new Error("the engine ended"), ["live"], undefined],
])("%s", (_, error, argv, told) => expect(usageFault(error, argv)).toBe(told));

test.each([
  [["--bogus"], "Unknown option '--bogus'"],
  [["planner", "--bogus"], "Unknown option '--bogus'"],
  [["planner", "--data", "nofile.csv"], "--data nofile.csv: there is no such file"],
])("npm run bench -- %j ends with 2 and a way to the help", (argv, told) => {
  const script = join(PROJECT_ROOT, "rehearsal/bench/cli.ts");
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", script, ...argv], {
    cwd: PROJECT_ROOT,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 2, stderr: `${told}\n\nnpm run bench -- --help tells more\n` });
});
