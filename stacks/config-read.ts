import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { ConfigError, type Fault } from "../components/errors";
import { DEFAULT_KUBERNETES, supportEnded } from "../planner/kubernetes-versions";
import { type StackConfig, stackSchema } from "./config";
import { schemaFaults } from "./config-faults";
import { EVERYBODY } from "./config-ranges";
import { type Readable, ruleFaults, type Surroundings } from "./config-rules";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

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
export function parseStack(raw: unknown, around: Surroundings): StackConfig {
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

/**
 * The validated settings of the running stack.
 * @param running whether its cluster exists already; asked for only when the answer decides something.
 * @throws ConfigError
 */
export async function readStack(today: string, running: () => Promise<boolean>): Promise<StackConfig> {
  const raw = rawConfig();
  const aws = rawConfig("aws");
  const kubernetes = isRecord(raw.cluster) ? (raw.cluster.kubernetes ?? DEFAULT_KUBERNETES) : DEFAULT_KUBERNETES;
  const ended = supportEnded(String(kubernetes), today);
  const region = new pulumi.Config("aws").get("region");
  const config = parseStack(raw, { region, aws, today, running: ended !== undefined && (await running()) });
  if (ended !== undefined) await pulumi.log.warn(`cluster.kubernetes: ${ended}`);
  for (const path of openToEverybody(config))
    await pulumi.log.warn(`${path}: ${EVERYBODY} lets the whole internet in; name the ranges that need it`);
  return config;
}

/** Paths of the lists that shut nobody out: allowed, since a public service may want it, but said. */
const openToEverybody = ({ cluster, endpoint }: StackConfig): string[] => [
  ...("apiAccess" in cluster && cluster.apiAccess.cidrs.includes(EVERYBODY) ? ["cluster.apiAccess.cidrs"] : []),
  ...(endpoint.allowedCidrs.includes(EVERYBODY) ? ["endpoint.allowedCidrs"] : []),
];

/** Whether a setting is encrypted in the stack file. The SDK exports this without a type (checked at the pinned version). */
const isSecret: (key: string) => boolean = Reflect.get(pulumi.runtime, "isConfigSecret");

/** Settings of the running stack as plain values; a secret is replaced by a placeholder, its value flows as an Output alone. */
export function rawConfig(project = pulumi.getProject()): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!key.startsWith(`${project}:`)) continue;
    const name = key.slice(project.length + 1);
    if (name === "huggingFaceToken") {
      if (!isSecret(key))
        throw new ConfigError([
          { path: name, message: "is in plain text; set it with: pulumi config set --secret huggingFaceToken" },
        ]);
      raw[name] = "secret";
      continue;
    }
    raw[name] = parseValue(value);
  }
  return raw;
}

/** Pulumi hands objects over as JSON and everything else as text. */
function parseValue(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
