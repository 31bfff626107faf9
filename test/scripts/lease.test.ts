import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GuardStatus } from "../../guard/answer";
import { askGuard, type Invoke } from "../../scripts/guard-call";
import { noStack } from "../../scripts/guard-command";
import { type GuardOptions, parseGuardOptions } from "../../scripts/guard-options";
import { statusText } from "../../scripts/guard-text";
import { UsageError } from "../../scripts/key-options";
import { PROJECT_ROOT } from "../../stacks/stack-file";

const lease = (line: string) => parseGuardOptions(line.split(" "), ["stack", "extend"]);
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
  test.each<[string, GuardOptions]>([
    ["--stack dev", { command: "run", stack: "dev" }],
    ["-s dev --extend 4h", { command: "run", stack: "dev", extendSeconds: 14_400 }],
    ["--extend=30d", { command: "run", extendSeconds: 2_592_000 }],
    ["--extend 1m", { command: "run", extendSeconds: 60 }],
    ["--nonsense --help", { command: "help" }],
  ])("%s", (line, options) => {
    expect(lease(line)).toEqual(options);
  });
  test.each([
    ["--extend 59s", ["--extend 59s is not a duration from 1m to 30d, for example 4h or 1d12h"]],
    ["--extend 31d", ["--extend 31d is not a duration from 1m to 30d, for example 4h or 1d12h"]],
    ["--extend soon", ["--extend soon is not a duration from 1m to 30d, for example 4h or 1d12h"]],
    ["--stack dev --extend", ["--extend needs a value"]],
    ["--stack a --stack b", ["--stack is given twice; give it once"]],
    ["dev", ['"dev" belongs to no flag']],
  ])("%s is refused", (line, faults) => {
    expect(faultsOf(() => lease(line))).toEqual(faults);
  });
  test("a wake extends nothing", () => {
    expect(faultsOf(() => parseGuardOptions(["--extend=4h"], ["stack"]))).toEqual(["there is no --extend"]);
  });
});

const NOW = new Date("2026-03-10T12:00:00.000Z");
const STATUS: GuardStatus = {
  stack: "pilotlight-dev",
  leaseSeconds: 43_200,
  leaseUntil: "2026-03-10T15:20:00.000Z",
  waking: false,
  instances: [
    { id: "i-1", type: "g6e.xlarge", pool: "l40s", elastic: true, ageSeconds: 3600, usdPerHour: 2, guessed: false },
  ],
  usdPerHour: 2,
  limitUsdPerHour: 10,
  faults: [],
};

describe("what is printed", () => {
  test("lease, instances, dollars", () => {
    expect(statusText(STATUS, "dev", NOW)).toBe(`Stack pilotlight-dev
  GPUs are on
  lease ends at 2026-03-10T15:20:00.000Z, in 3 h 20 min
  1 GPU instance running, $2.00 an hour at on-demand prices; the limit is $10.00
    i-1  g6e.xlarge  pool l40s (elastic)  up 1 h  $2.00/h`);
  });
  test.each<[Partial<GuardStatus>, string]>([
    [{ off: { since: "S", detail: "D." } }, "switched off since S: D. On again with: npm run wake -- --stack dev"],
    [{ waking: true }, "GPUs are being switched on"],
    [{ leaseSeconds: undefined, leaseUntil: undefined }, "no lease: nothing ends by itself"],
    [{ leaseUntil: undefined }, "lease: 12 h, from the guard's first check on"],
    [{ leaseUntil: "2026-03-10T11:00:00.000Z" }, "lease ended at"],
    [{ faults: ["deny: no"] }, "Not through; the guard tries again within 5 minutes:\n    deny: no"],
  ])("%j", (more, text) => {
    expect(statusText({ ...STATUS, ...more }, "dev", NOW)).toContain(text);
  });
});

test.each([
  ["lease", ["--help"], 0, "Usage: npm run lease"],
  ["wake", ["--help"], 0, "Usage: npm run wake"],
  ["lease", ["--extend", "soon"], 2, "npm run lease -- --help tells more"],
  ["wake", ["--extend=4h"], 2, "npm run wake -- --help tells more"],
  ["lease", ["--stack", "nowhere"], 2, "there is no stack file stacks/Pulumi.nowhere.yaml"],
  ["wake", ["--stack", "acme/pilotlight/nowhere"], 2, "there is no stack file stacks/Pulumi.nowhere.yaml"],
])("npm run %s -- %j ends with %d", (script, args, code, text) => {
  const ended = spawnSync(
    process.execPath,
    ["--import", "tsx", join(PROJECT_ROOT, "scripts", `${script}.ts`), ...args],
    {
      cwd: PROJECT_ROOT,
      encoding: "utf8",
    },
  );
  expect(ended.status).toBe(code);
  expect(ended.stdout + ended.stderr).toContain(text);
});

test("what AWS did not answer is one line, without the SDK's own about Node", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(PROJECT_ROOT, "scripts/lease.ts"), "--stack", "acme/pilotlight/dev"],
    {
      cwd: PROJECT_ROOT,
      encoding: "utf8",
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: "http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID: "a",
        AWS_SECRET_ACCESS_KEY: "b",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: undefined,
      },
    },
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^the spend guard \(function pilotlight-dev-spend-guard in .*\) could not be asked: .*\n$/);
});

test.each([
  ["nothing is said", undefined, UsageError, /^no stack is selected; name one with --stack$/],
  ["pulumi has none", "error: no stack selected; please use", UsageError, /^no stack is selected;/],
  [
    "there is no pulumi",
    "spawn pulumi ENOENT",
    Error,
    /^there is no pulumi on the PATH; .*; or name the stack with --stack$/,
  ],
  [
    "nobody is logged in",
    "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
    Error,
    /^log in first: pulumi login .*; or name the stack with --stack$/,
  ],
])("no stack to ask for: %s", (_, said, kind, message) => {
  const told = noStack(said === undefined ? undefined : new Error(said));
  expect(told).toBeInstanceOf(kind);
  expect(told.message).toMatch(message);
  expect(told instanceof UsageError).toBe(kind === UsageError);
});

describe("asking the function", () => {
  const account = { short: "dev", stack: "pilotlight-dev", aws: { region: "us-east-1" } };
  const answering = (payload: string, FunctionError?: string): Invoke => {
    return async () => ({
      FunctionError,
      Payload: Object.assign(new TextEncoder().encode(payload), { transformToString: () => payload }),
    });
  };
  const failing =
    (name: string): Invoke =>
    async () => {
      throw Object.assign(new Error("told by AWS"), { name });
    };

  test("by its name, with the request", async () => {
    const asked: string[] = [];
    const invoke: Invoke = async (name, payload) => {
      asked.push(name, payload);
      return answering(JSON.stringify({ status: STATUS }))(name, payload);
    };
    expect(await askGuard(account, { action: "extend", seconds: 60 }, invoke)).toEqual(STATUS);
    expect(asked).toEqual(["pilotlight-dev-spend-guard", '{"action":"extend","seconds":60}']);
  });
  test.each([
    ["a refusal", answering('{"refused":"it is off"}'), /^it is off$/],
    [
      "a failure",
      answering('{"errorMessage":"no access"}', "Unhandled"),
      /pilotlight-dev-spend-guard\) failed: no access$/,
    ],
    ["a failure that is no JSON", answering("Task timed out", "Unhandled"), /failed: Task timed out$/],
    ["no function", failing("ResourceNotFoundException"), /^this stack has no spend guard: .* Is stack dev up/],
    [
      "no credentials",
      failing("CredentialsProviderError"),
      /^there are no AWS credentials for stack dev .*aws sso login/,
    ],
    ["old credentials", failing("ExpiredTokenException"), /Sign in again/],
    [
      "no access",
      failing("AccessDeniedException"),
      /need lambda:InvokeFunction on function pilotlight-dev-spend-guard/,
    ],
    ["something else", failing("ServiceException"), /could not be asked: ServiceException: told by AWS/],
  ])("%s", async (_, invoke, message) => {
    await expect(askGuard(account, { action: "status" }, invoke)).rejects.toThrow(message);
  });
});
