import { MOST_EXTENSION } from "../guard/requests";
import { parseDuration } from "../planner/units";
import { flagValues } from "./flag-values";
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
  const shorts = flags.map((flag) => [flag, flag === "stack" ? "s" : undefined]);
  const names = flags.map((flag) => `--${flag}`);
  const given = flagValues(argv, Object.fromEntries(shorts), names);
  if (given === "help") return { command: "help" };
  const { values, faults } = given;
  const extend = values.get("extend");
  const extendSeconds = extend === undefined ? undefined : parseDuration(extend);
  if (extend !== undefined && (extendSeconds === undefined || extendSeconds < LEAST || extendSeconds > MOST_EXTENSION))
    faults.push(`--extend ${extend} is not a duration from 1m to 30d, for example 4h or 1d12h`);
  if (faults.length > 0) throw new UsageError(faults);
  return { command: "run", stack: values.get("stack"), extendSeconds };
}
