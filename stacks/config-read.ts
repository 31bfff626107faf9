import type { z } from "zod";
import { ConfigError } from "../components/errors";
import { isRecord } from "../planner/record";
import { type StackConfig, stackSchema } from "./config";
import { unusedOn } from "./config-adopt-rules";
import { withPlannedDefaults } from "./config-defaults";
import { schemaFaults } from "./config-faults";
import { type Readable, ruleFaults, type Surroundings } from "./config-rules";

/** `value` as the schema reads it, without the keys it refuses where it can do without them. */
function withoutFaults(schema: z.ZodType, value: unknown): { data?: unknown; whole: boolean } {
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data, whole: true };
  if (!isRecord(value)) return { whole: false };
  const faulty = new Set(schemaFaults(schema, value).map(({ path }) => path.split(/[.[]/)[0]));
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !faulty.has(key)));
  return { data: schema.safeParse(rest).data, whole: false };
}

/** What of `raw` can be read: the rules between settings are checked on it, so that one run tells every fault. */
function readable(raw: Record<string, unknown>): Readable {
  const { models, gpuPools, ...sections } = stackSchema.shape;
  const read = Object.fromEntries(
    Object.entries(sections).map(([key, schema]) => [key, withoutFaults(schema, raw[key]).data]),
  );
  const entries = (key: "models" | "gpuPools", schema: z.ZodType) => {
    const record = isRecord(raw[key]) ? Object.entries(raw[key]) : [];
    const results = record.map(([name, entry]) => [name, withoutFaults(schema, entry)] as const);
    read[key] = Object.fromEntries(results.flatMap(([name, { data }]) => (data === undefined ? [] : [[name, data]])));
    return isRecord(raw[key]) && results.every(([, { whole }]) => whole);
  };
  const [allModels, allPools] = [entries("models", models.valueType), entries("gpuPools", gpuPools.valueType)];
  return { ...read, allModels, allPools, raw } as Readable;
}

/** Whether a path is the other or lies in it: `spend.emails[0]` in `spend`. */
const isIn = (path: string, other: string) =>
  path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);

/**
 * The validated settings of a stack.
 * @throws ConfigError with every fault at once, each with its path, its value and the fix.
 */
export function parseStack(given: unknown, around: Surroundings): StackConfig {
  const raw = isRecord(given) ? withPlannedDefaults(given) : given;
  const read = isRecord(raw) ? readable(raw) : undefined;
  // What has to be removed need not be mended first.
  const unused = read ? unusedOn(read) : [];
  const form = schemaFaults(stackSchema, raw).filter(({ path }) => !unused.some((other) => isIn(path, other)));
  // A rule must not accuse a setting that could not even be read.
  const unread = form.filter(({ ofName }) => ofName === undefined);
  const rules = (read ? ruleFaults(read, around) : []).filter(
    (rule) => !unread.some(({ path }) => isIn(rule.path, path) || path.startsWith(`${rule.path}[`)),
  );
  if (form.length + rules.length > 0) throw new ConfigError([...form, ...rules]);
  return stackSchema.parse(raw);
}
