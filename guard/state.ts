import { z } from "zod";

/*
 * What the guard remembers between its runs, as JSON in one SSM parameter. Times are ISO 8601 in UTC.
 */

const time = z.iso.datetime();

const size = z.object({
  min: z.number().int().min(0),
  desired: z.number().int().min(0),
  /** EKS refuses a maximum of 0. */
  max: z.number().int().min(1),
});
/** Sizes of a managed node group, in nodes. */
export type Size = z.infer<typeof size>;

const sizes = z.record(z.string(), size);

const off = z.object({
  since: time,
  // Nothing is "returning" any more; an earlier version wrote it, and an upgrade must not forget that GPUs are off.
  reason: z.enum(["lease", "limit", "returning"]),
  /** The reason as one sentence, with its numbers. */
  detail: z.string(),
  /** Sizes of node groups from before, for the wake. */
  sizes,
  /** Whether somebody was told. */
  told: z.boolean().optional(),
  /** Whether somebody was told of instances that could not be terminated. */
  leftTold: z.boolean().optional(),
});
export type Off = z.infer<typeof off>;

const FIELDS = {
  /** End of the lease. */
  leaseUntil: time,
  /** GPUs are switched off. */
  off,
  /** A wake that is not through yet: launches to be allowed again, node groups to be given their size. */
  waking: z.object({ sizes }),
  /** First check that saw the limit passed, where none since saw less. */
  pastLimitSince: time,
  /** When idle nodes of a pool were terminated, the first time and each time that they had come back, by pool. */
  idleEnds: z.record(z.string(), z.array(time)),
  /** Last idle end of the pools that rest since then and of which somebody was told, by pool. */
  idleRestTold: z.record(z.string(), time),
  /** Since when somebody knows that nothing is known of an instance's use, by instance id, of those that may be ended. */
  unseenSince: z.record(z.string(), time),
  /** When somebody was last told so. */
  unseenTold: time,
  /** End of the lease that was warned of. */
  warnedOf: time,
  /** When somebody was last told of idle steady nodes. */
  steadyIdleTold: time,
  /** When somebody was last told of nodes that could not be terminated while GPUs are on. */
  stayedTold: time,
  /** When somebody was last told of nodes whose pool is not in the stack and that nothing ends. */
  orphansTold: time,
} as const;
type Fields = typeof FIELDS;

export type GuardState = { readonly [Key in keyof Fields]?: z.infer<Fields[Key]> };

/**
 * The state, from the parameter's text. What cannot be read is left out and named in `faults`: a broken state must not
 * disarm the guard, and what is readable in it (GPUs are off, say) still holds.
 */
export function parseState(text: string): { readonly state: GuardState; readonly faults: readonly string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { state: {}, faults: ["it is no JSON"] };
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return { state: {}, faults: ["it is no JSON object"] };
  const state: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [key, value] of Object.entries(json)) {
    const schema = Object.hasOwn(FIELDS, key) ? FIELDS[key as keyof Fields] : undefined;
    const read = schema?.safeParse(value);
    if (read?.success) state[key] = read.data;
    else faults.push(schema === undefined ? `${key} is unknown` : `${key} cannot be read`);
  }
  return { state: state as GuardState, faults };
}

/**
 * The parameter's text; fields without a value are left out. A standard parameter takes 4096 characters: no field may grow with
 * the number of instances.
 */
export const stateText = (state: GuardState): string => JSON.stringify(state);
