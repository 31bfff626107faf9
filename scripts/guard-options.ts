import { parseArgs } from "node:util";
import { MOST_EXTENSION } from "../guard/requests";
import { didYouMean } from "../planner/near-name";
import { parseDuration } from "../planner/units";
import { UsageError } from "./key-options";

/*
 * The command lines of `npm run lease` and `npm run wake`. Pure.
 */

export const LEASE_USAGE = `Usage: npm run lease -- [--stack NAME] [--extend DURATION]

What the stack's spend guard knows: the end of the GPU lease, running GPU instances and what they cost, whether GPUs are
switched off.

  --extend DURATION  moves the end of the lease, for example by 4h, 90m or 1d12h; from 1m to 30d. Of a lease that is over it
                     counts from now
  --stack NAME       the stack, as for pulumi (default: the one that is selected)
  --help             this text

Needs credentials of the stack's account that may invoke its function (lambda:InvokeFunction on NAME-spend-guard). Ends with
1 where something is not as it has to be, with 2 for a wrong command line.`;

export const WAKE_USAGE = `Usage: npm run wake -- [--stack NAME]

Switches GPUs on again that the stack's spend guard has switched off: Karpenter may launch, steady node groups get their size
back, and a new lease begins.

  --stack NAME       the stack, as for pulumi (default: the one that is selected)
  --help             this text

Needs credentials of the stack's account that may invoke its function (lambda:InvokeFunction on NAME-spend-guard). Ends with
1 where something is not as it has to be, with 2 for a wrong command line.`;

export type GuardOptions =
  | { readonly command: "help" }
  | {
      readonly command: "run";
      readonly stack?: string;
      /** Seconds, where the lease is to be extended. */
      readonly extendSeconds?: number;
    };

/** Seconds. */
const LEAST = 60;

/**
 * @param argv arguments after the script's name.
 * @param flags those with a value: `extend` is for the lease alone.
 * @throws UsageError with every fault.
 */
export function parseGuardOptions(argv: readonly string[], flags: readonly ("stack" | "extend")[]): GuardOptions {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      ...Object.fromEntries(flags.map((flag) => [flag, { type: "string" as const }])),
      stack: { type: "string", short: "s" },
      help: { type: "boolean", short: "h" },
    },
  });
  const faults: string[] = [];
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") faults.push(`${JSON.stringify(token.value)} belongs to no flag`);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (name === "help") return { command: "help" };
    const known = flags.some((flag) => flag === name);
    if (!known) {
      const names = flags.map((flag) => `--${flag}`);
      faults.push(`there is no ${rawName}${didYouMean(rawName, names)}`);
    } else if (values.has(name)) faults.push(`--${name} is given twice; give it once`);
    else if (value === undefined || value === "" || value.startsWith("-")) faults.push(`--${name} needs a value`);
    else values.set(name, value);
  }
  const extend = values.get("extend");
  const extendSeconds = extend === undefined ? undefined : parseDuration(extend);
  if (extend !== undefined && (extendSeconds === undefined || extendSeconds < LEAST || extendSeconds > MOST_EXTENSION))
    faults.push(`--extend ${extend} is not a duration from 1m to 30d, for example 4h or 1d12h`);
  if (faults.length > 0) throw new UsageError(faults);
  return { command: "run", stack: values.get("stack"), extendSeconds };
}
