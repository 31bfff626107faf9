import { parseArgs } from "node:util";
import { didYouMean } from "../planner/near-name";
import { UsageError } from "./key-options";

/*
 * The command line of `npm run why`. Pure.
 */

export const USAGE = `Usage: npm run why -- [--stack NAME] [MODEL ...]

Says in one paragraph for each model why it is as it is: asleep, awake, or what it waits for and what to do.

  MODEL          only these (default: every model of the stack)
  --stack NAME   the stack, as for pulumi (default: the one that is selected)
  --json         the same as JSON
  --help         this text

It only reads: the cluster with the stack's kubeconfig, Prometheus through it, and the spend guard of the stack's account. Ends
with 0 whatever it finds, with 1 where it cannot look, with 2 for a wrong command line.`;

export type WhyOptions =
  | { readonly command: "help" }
  | {
      readonly command: "run";
      readonly stack?: string;
      readonly json: boolean;
      /** All where empty. */
      readonly models: readonly string[];
    };

const FLAGS = ["--stack", "--json", "--help"];

/**
 * @param argv arguments after the script's name.
 * @throws UsageError with every fault.
 */
export function parseWhyOptions(argv: readonly string[]): WhyOptions {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      stack: { type: "string", short: "s" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const faults: string[] = [];
  const models: string[] = [];
  let stack: string | undefined;
  let json = false;
  for (const token of tokens) {
    if (token.kind === "positional") models.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (name === "help") return { command: "help" };
    if (name === "json") {
      json = true;
      if (value !== undefined) faults.push("--json takes no value");
    } else if (name !== "stack") faults.push(`there is no ${rawName}${didYouMean(rawName, FLAGS)}`);
    else if (stack !== undefined) faults.push("--stack is given twice; give it once");
    else if (value === undefined || value === "" || value.startsWith("-")) faults.push("--stack needs a value");
    else stack = value;
  }
  if (faults.length > 0) throw new UsageError(faults);
  return { command: "run", stack, json, models: [...new Set(models)] };
}

/** @throws UsageError for a model that the stack does not have. */
export function chosen(models: readonly string[], known: readonly string[]): readonly string[] {
  const faults = models
    .filter((model) => !known.includes(model))
    .map((model) =>
      known.length === 0
        ? `there is no model "${model}": the cluster has none`
        : `there is no model "${model}"${didYouMean(model, known)}; the cluster has ${known.join(", ")}`,
    );
  if (faults.length > 0) throw new UsageError(faults);
  return models.length === 0 ? known : models;
}
