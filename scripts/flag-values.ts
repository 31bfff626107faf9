import { parseArgs } from "node:util";
import { didYouMean } from "../planner/near-name";

/*
 * A command line of flags that have a value each, beside `--help`. Pure.
 */

/** What was given, with every fault, or that help is wanted. */
export type FlagValues = "help" | { readonly values: ReadonlyMap<string, string>; readonly faults: string[] };

/**
 * @param argv arguments after the script's name.
 * @param flags the short form by the name of each flag; undefined where it has none.
 * @param near flags, as they are written, that a wrong one may have meant.
 */
export function flagValues(
  argv: readonly string[],
  flags: Readonly<Record<string, string | undefined>>,
  near: readonly string[],
): FlagValues {
  const valued = Object.entries(flags).map(([flag, short]) => [
    flag,
    { type: "string" as const, ...(short === undefined ? {} : { short }) },
  ]);
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: { ...Object.fromEntries(valued), help: { type: "boolean", short: "h" } },
  });
  const faults: string[] = [];
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") faults.push(`${JSON.stringify(token.value)} belongs to no flag`);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (name === "help") return "help";
    if (!Object.hasOwn(flags, name)) faults.push(`there is no ${rawName}${didYouMean(rawName, near)}`);
    else if (values.has(name)) faults.push(`--${name} is given twice; give it once`);
    else if (value === undefined || value === "" || value.startsWith("-")) faults.push(`--${name} needs a value`);
    else values.set(name, value);
  }
  return { values, faults };
}
