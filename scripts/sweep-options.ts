import { parseArgs } from "node:util";
import { didYouMean } from "../planner/near-name";
import { UsageError } from "./key-options";

/*
 * The command line of `npm run sweep`, and how those of a stack's end are read. Pure.
 */

export const SWEEP_USAGE = `Usage: npm run sweep -- --stack NAME [--delete [--yes]]

Lists what the AWS account still holds of a stack, by tag: instances, load balancers, target groups, network interfaces,
security groups, volumes, launch templates, instance profiles, log groups, the EKS cluster and its node groups. What Pulumi's
state has is named apart from what is left over. What else carries the stack's tag, such as network, database, keys and buckets,
is named by AWS's index of tags, and never deleted.

  --delete       deletes what is left over, in an order that works; refused while the stack has its cluster
  --yes          does not ask for confirmation
  --stack NAME   the stack, as for pulumi
  --help         this text

Ends with 0 where nothing is left over or tagged beside the state, with 1 where something is or did not go, with 2 for a wrong
command line or a refusal.`;

/** Flags that were given, after `--help` is dealt with. */
export interface Given {
  readonly stack: string;
  readonly flags: ReadonlySet<string>;
}

/**
 * @param argv arguments after the script's name.
 * @param known flags without a value beside `--stack` and `--help`.
 * @throws UsageError with every fault.
 */
export function parseStackFlags(argv: readonly string[], known: readonly string[]): Given | "help" {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: { stack: { type: "string", short: "s" }, help: { type: "boolean", short: "h" } },
  });
  const faults: string[] = [];
  const flags = new Set<string>();
  let stack: string | undefined;
  for (const token of tokens) {
    if (token.kind === "positional") faults.push(`${JSON.stringify(token.value)} belongs to no flag`);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (name === "help") return "help";
    if (name === "stack") {
      if (stack !== undefined) faults.push("--stack is given twice; give it once");
      else if (value === undefined || value === "" || value.startsWith("-")) faults.push("--stack needs a value");
      stack ??= value ?? "";
    } else if (!known.includes(name)) {
      const names = [...known, "stack", "help"].map((flag) => `--${flag}`);
      faults.push(`there is no ${rawName}${didYouMean(rawName, names)}`);
    } else if (value !== undefined) faults.push(`--${name} takes no value, and has ${JSON.stringify(value)}`);
    else flags.add(name);
  }
  // What takes things away names its stack: the one that is selected may be another than the one that is meant.
  if (stack === undefined) faults.push("--stack is missing; name the stack, for example --stack dev");
  if (faults.length > 0) throw new UsageError(faults);
  return { stack: stack ?? "", flags };
}

export type SweepOptions =
  | { readonly command: "help" }
  | { readonly command: "list" | "delete"; readonly stack: string; readonly yes: boolean };

/** @throws UsageError with every fault. */
export function parseSweepOptions(argv: readonly string[]): SweepOptions {
  const given = parseStackFlags(argv, ["delete", "yes"]);
  if (given === "help") return { command: "help" };
  const { stack, flags } = given;
  if (flags.has("yes") && !flags.has("delete"))
    throw new UsageError(["--yes belongs to --delete; without it nothing is deleted"]);
  return { command: flags.has("delete") ? "delete" : "list", stack, yes: flags.has("yes") };
}
