import { z } from "zod";
import { type GuardSettings, SETTINGS_VARIABLE } from "./settings";

const seconds = z.number().positive();

const SETTINGS = z.object({
  stack: z.string().min(1),
  stackShort: z.string().min(1),
  launchRole: z.string().min(1).optional(),
  stateParameter: z.string().min(1),
  topicArn: z.string().min(1),
  leaseSeconds: seconds.optional(),
  limitUsdPerHour: z.number().nonnegative(),
  // Of an empty table no unknown type could be given the dearest price: it would count nothing.
  prices: z.record(z.string(), z.number().positive()).refine((prices) => Object.keys(prices).length > 0, "is empty"),
  pools: z.record(
    z.string(),
    z.object({
      nodeGroup: z.string().min(1).optional(),
      idleSeconds: seconds.optional(),
      unseenSeconds: seconds.optional(),
    }),
  ),
});

/** @throws Error that names each setting that is missing or wrong: the function's error alarm rings then. */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): GuardSettings {
  const text = environment[SETTINGS_VARIABLE];
  if (text === undefined) throw new Error(`the variable ${SETTINGS_VARIABLE} is not set; run pulumi up`);
  const read = SETTINGS.safeParse(jsonOf(text));
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`the settings in ${SETTINGS_VARIABLE} are wrong; run pulumi up:\n${faults.join("\n")}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${SETTINGS_VARIABLE} is no JSON; run pulumi up`);
  }
}
