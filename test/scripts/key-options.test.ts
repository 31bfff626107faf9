import { expect, test } from "vitest";
import { type KeyOptions, parseOptions, USAGE, UsageError } from "../../scripts/key-options";

const refusals = (line: string): readonly string[] => {
  try {
    parseOptions(line.split(" ").filter((word) => word !== ""));
  } catch (error) {
    if (error instanceof UsageError) return error.faults;
    throw error;
  }
  throw new Error(`${line} is accepted`);
};

test.each<[string, KeyOptions]>([
  [
    "create --name alice --budget 20 --rpm 60 --models qwen3-8b,llama --stack dev --expires 30d --budget-duration 1mo --json",
    {
      command: "create",
      name: "alice",
      budget: 20,
      budgetDuration: "1mo",
      rpm: 60,
      models: ["qwen3-8b", "llama"],
      expires: "30d",
      stack: "dev",
      json: true,
    },
  ],
  ["create --name=a --budget 0.5", { command: "create", name: "a", budget: 0.5, models: [], json: false }],
  ["list -s prod", { command: "list", stack: "prod", json: false }],
  ["revoke --name default", { command: "revoke", name: "default", json: false }],
  ["--json usage", { command: "usage", json: true }],
  ["usage --name Old_Key", { command: "usage", name: "Old_Key", json: false }],
  ["--help", { command: "help" }],
  ["creat --nmae --help", { command: "help" }],
])("%s", (line, options) => {
  expect(parseOptions(line.split(" "))).toEqual(options);
});

const A_NAME = "a name of at most 40 lower-case letters, digits and dashes that starts with a letter";
const A_PERIOD = "a period: one number and s, m, h, d, w or mo, for example 30d";
const A_BUDGET = "an amount of US dollars above 0, for example 20 or 0.5";

test.each<[string, string[]]>([
  ["", ["name a command: create, list, revoke, usage"]],
  [
    "creat --nam x",
    [
      'there is no --nam; did you mean "--name"?',
      'there is no command creat; it is one of create, list, revoke, usage; did you mean "create"?',
    ],
  ],
  [
    "create --budget -3 --rpm 0 --expires 1h30m --models a,,b --json=1 --budget-duration",
    [
      "--json takes no value",
      "--budget-duration needs a value",
      "create needs --name",
      `--budget -3 is not ${A_BUDGET}`,
      "--rpm 0 is not a whole number from 1 on",
      "--models a,,b is not a list of models with commas between them",
      `--expires 1h30m is not ${A_PERIOD}`,
    ],
  ],
  ["create --name Alice", [`--name Alice is not ${A_NAME}`]],
  ["create --name default", ["--name default is the stack's own key, output apiKey; choose another name"]],
  ["create --name", ["--name needs a value"]],
  ["create --name --json", ["--name needs a value"]],
  ["create --name= --rpm 1.5", ["--name needs a value", "--rpm 1.5 is not a whole number from 1 on"]],
  ["create --name a --budget 0", [`--budget 0 is not ${A_BUDGET}`]],
  ["create --name a --expires 30", [`--expires 30 is not ${A_PERIOD}`]],
  ["create --name a --budget-duration 30d", ["--budget-duration is the period of a budget; give --budget, too"]],
  ["create --name a --name b", ["--name is given twice; give it once"]],
  ["list --name a --rpm 3", ["--name is not for list", "--rpm is not for list"]],
  ["revoke", ["revoke needs --name"]],
  ["list alice bob", ['"alice", "bob" belongs to no flag']],
])("%s is refused, with everything that is wrong", (line, faults) => {
  expect(refusals(line)).toEqual(faults);
});

test("the help names every command and flag", () => {
  for (const word of ["create", "list", "revoke", "usage"]) expect(USAGE).toMatch(new RegExp(`^  ${word}`, "m"));
  for (const flag of ["name", "budget", "budget-duration", "rpm", "models", "expires", "stack", "json", "help"])
    expect(USAGE).toContain(`--${flag} `);
});
