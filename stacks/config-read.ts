import type { z } from "zod";
import { ConfigError, type Fault } from "../components/errors";
import { isRecord } from "../planner/record";
import { type StackConfig, stackSchema } from "./config";
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

/**
 * The validated settings of a stack.
 * @throws ConfigError with every fault at once, each with its path, its value and the fix.
 */
export function parseStack(given: unknown, around: Surroundings): StackConfig {
  const raw = isRecord(given) ? withPlannedDefaults(given) : given;
  const faults: Fault[] = schemaFaults(stackSchema, raw);
  const rules = isRecord(raw) ? ruleFaults(readable(raw), around) : [];
  // A rule must not accuse a setting that could not even be read.
  faults.push(
    ...rules.filter(
      (rule) => !faults.some(({ path }) => rule.path.startsWith(path) || path.startsWith(`${rule.path}[`)),
    ),
  );
  if (faults.length > 0) throw new ConfigError(faults);
  return stackSchema.parse(raw);
}
