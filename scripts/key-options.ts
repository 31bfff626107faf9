import { parseArgs } from "node:util";
import { FIRST_KEY } from "../components/gateway-secrets";
import { didYouMean } from "../planner/near-name";

/*
 * The command line of `npm run key`. Pure.
 */

export const USAGE = `Usage: npm run key -- COMMAND [--stack NAME] [flags]

Keys of a gateway with a database (gateway.database: rds), through the cluster's API. Without a database keys are settings:
docs/keys.md.

  create --name NAME   makes a key and prints it, once
    --budget USD       what it may spend in all (default: no limit); only models with a price cost anything
    --budget-duration PERIOD  the budget is for each period, for example 30d (default: for ever)
    --rpm NUMBER       requests a minute (default: no limit)
    --models NAMES     models it may ask, with commas between them (default: all)
    --expires PERIOD   how long it is good for, for example 30d (default: for ever)
  list                 every key, without its secret
  revoke --name NAME   takes a key away
  usage [--name NAME]  what keys have spent

  --stack NAME         the stack, as for pulumi (default: the one that is selected)
  --json               the same as JSON
  --help               this text

A PERIOD is one number and s, m, h, d, w or mo. Needs what \`npm run connect\` needs, and may read the Secret with the master
key. Ends with 1 where something is not as it has to be, with 2 for a wrong command line.`;

/** Everything that is wrong with a command line. */
export class UsageError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}

interface Common {
  readonly stack?: string;
  readonly json: boolean;
}

export interface CreateOptions extends Common {
  readonly command: "create";
  readonly name: string;
  /** US dollars, in each period of `budgetDuration` where there is one. */
  readonly budget?: number;
  readonly budgetDuration?: string;
  /** Requests a minute. */
  readonly rpm?: number;
  /** All where empty. */
  readonly models: readonly string[];
  readonly expires?: string;
}

export type KeyOptions =
  | { readonly command: "help" }
  | CreateOptions
  | (Common & { readonly command: "list" })
  | (Common & { readonly command: "revoke"; readonly name: string })
  | (Common & { readonly command: "usage"; readonly name?: string });

type Command = Exclude<KeyOptions["command"], "help">;

const EVERYWHERE = ["stack", "json"];
/** The flags of each command. */
const FLAGS: Readonly<Record<Command, readonly string[]>> = {
  create: [...EVERYWHERE, "name", "budget", "budget-duration", "rpm", "models", "expires"],
  list: EVERYWHERE,
  revoke: [...EVERYWHERE, "name"],
  usage: [...EVERYWHERE, "name"],
};
const COMMANDS = Object.keys(FLAGS) as Command[];
const ALL_FLAGS = [...new Set(COMMANDS.flatMap((command) => FLAGS[command]))];
const WITHOUT_VALUE = ["json", "help"];

const KEY_NAME = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** LiteLLM reads the beginning of a period and drops the rest: of 1h30m an hour. So all of it is checked here. */
const PERIOD = /^[1-9]\d{0,4}(s|m|h|d|w|mo)$/;

interface Line {
  readonly words: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  readonly given: readonly string[];
  readonly faults: string[];
}

/** Words and flags as they were written, without a look at the command. */
function read(argv: readonly string[]): Line {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      ...Object.fromEntries(ALL_FLAGS.filter((flag) => flag !== "json").map((flag) => [flag, { type: "string" }])),
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      stack: { type: "string", short: "s" },
    },
  });
  const words: string[] = [];
  const values = new Map<string, string>();
  const given: string[] = [];
  const faults: string[] = [];
  /** Where the value of a flag that there is not may stand: no fault of its own. */
  let notAWord = -1;
  for (const token of tokens) {
    if (token.kind === "positional" && (token.index !== notAWord || words.length === 0)) words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    if (name !== "help" && !ALL_FLAGS.includes(name)) {
      faults.push(
        `there is no ${rawName}${didYouMean(
          rawName,
          ALL_FLAGS.map((flag) => `--${flag}`),
        )}`,
      );
      if (!inlineValue) notAWord = token.index + 1;
      continue;
    }
    if (given.includes(name)) faults.push(`--${name} is given twice; give it once`);
    given.push(name);
    if (WITHOUT_VALUE.includes(name)) {
      if (value !== undefined) faults.push(`--${name} takes no value`);
    } else if (value === undefined || value === "" || (!inlineValue && /^-(?!\d)/.test(value)))
      faults.push(`--${name} needs a value`);
    else values.set(name, value);
  }
  return { words, values, given, faults };
}

function commandOf({ words, faults }: Line): Command | undefined {
  const [word, ...more] = words;
  const command = COMMANDS.find((each) => each === word);
  if (word === undefined) faults.push(`name a command: ${COMMANDS.join(", ")}`);
  else if (command === undefined)
    faults.push(`there is no command ${word}; it is one of ${COMMANDS.join(", ")}${didYouMean(word, COMMANDS)}`);
  if (more.length > 0) faults.push(`${more.map((each) => JSON.stringify(each)).join(", ")} belongs to no flag`);
  return command;
}

/**
 * @param argv arguments after the script's name.
 * @throws UsageError with every fault.
 */
export function parseOptions(argv: readonly string[]): KeyOptions {
  const line = read(argv);
  if (line.given.includes("help")) return { command: "help" };
  const { values, given, faults } = line;
  const command = commandOf(line);
  if (command === undefined) throw new UsageError(faults);
  const wrong = given.filter((flag) => !FLAGS[command].includes(flag));
  faults.push(...wrong.map((flag) => `--${flag} is not for ${command}`));

  /** The value of a flag, read; of one that cannot be read a fault. */
  function flagOf<T>(flag: string, as: (text: string) => T | undefined, expected: string): T | undefined {
    const text = values.get(flag);
    if (text === undefined || wrong.includes(flag)) return undefined;
    const value = as(text);
    if (value === undefined) faults.push(`--${flag} ${text} is not ${expected}`);
    return value;
  }
  const text = (flag: string) => flagOf(flag, (value) => value, "text");
  const period = (flag: string) =>
    flagOf(
      flag,
      (value) => (PERIOD.test(value) ? value : undefined),
      "a period: one number and s, m, h, d, w or mo, for example 30d",
    );
  const required = (flag: string) => {
    if (!given.includes(flag)) faults.push(`${command} needs --${flag}`);
  };
  const common = { stack: text("stack"), json: given.includes("json") };
  const options = (): KeyOptions => {
    switch (command) {
      case "create": {
        required("name");
        const options: CreateOptions = {
          command,
          name: nameOf() ?? "",
          budget: flagOf("budget", dollars, "an amount of US dollars above 0, for example 20 or 0.5"),
          budgetDuration: period("budget-duration"),
          rpm: flagOf("rpm", count, "a whole number from 1 on"),
          models: flagOf("models", list, "a list of models with commas between them") ?? [],
          expires: period("expires"),
          ...common,
        };
        if (given.includes("budget-duration") && !given.includes("budget"))
          faults.push("--budget-duration is the period of a budget; give --budget, too");
        return options;
      }
      case "revoke":
        required("name");
        return { command, name: text("name") ?? "", ...common };
      case "usage":
        return { command, name: text("name"), ...common };
      case "list":
        return { command, ...common };
      default:
        return command satisfies never;
    }
  };
  /** Of a new key; others may have made keys with other names. */
  function nameOf(): string | undefined {
    const name = flagOf(
      "name",
      (value) => (KEY_NAME.test(value) ? value : undefined),
      "a name of at most 40 lower-case letters, digits and dashes that starts with a letter",
    );
    if (name === FIRST_KEY) faults.push(`--name ${name} is the stack's own key, output apiKey; choose another name`);
    return name;
  }
  const parsed = options();
  if (faults.length > 0) throw new UsageError(faults);
  return parsed;
}

const dollars = (text: string) => (/^\d{1,9}(\.\d{1,6})?$/.test(text) && Number(text) > 0 ? Number(text) : undefined);
const count = (text: string) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined);
const list = (text: string) => {
  const names = text.split(",").map((name) => name.trim());
  return names.includes("") ? undefined : [...new Set(names)];
};
