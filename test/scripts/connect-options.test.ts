import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConnectOptions } from "../../scripts/connect-options";
import { PROJECT_ROOT } from "../../stacks/stack-file";

test.each([
  [[], { command: "run", stack: undefined, port: 4000 }],
  [["-s", "dev", "-p", "65535"], { command: "run", stack: "dev", port: 65_535 }],
  [["--nonsense", "--help"], { command: "help" }],
])("%j", (argv, options) => expect(parseConnectOptions(argv)).toEqual(options));

test.each([
  [["--prot", "5000"], 'there is no --prot; did you mean "--port"?\n"5000" belongs to no flag'],
  [["--port", "99999"], "--port 99999 is not a port; name a number from 1 to 65535"],
  [["--port", "0"], "--port 0 is not a port"],
  [["--port", "0x10"], "--port 0x10 is not a port"],
  [["--stack"], "--stack needs a value"],
  [["-s", "a", "-s", "b"], "--stack is given twice; give it once"],
])("%j is refused", (argv, fault) => expect(() => parseConnectOptions(argv)).toThrow(fault));

test("a wrong command line ends with 2 and a way to the help", () => {
  const script = join(PROJECT_ROOT, "scripts/connect.ts");
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", script, "--bogus"], {
    cwd: PROJECT_ROOT,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: "there is no --bogus\n\nnpm run connect -- --help tells more\n",
  });
});
