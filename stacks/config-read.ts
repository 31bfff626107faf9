import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Fault } from "../components/errors";
import { type StackConfig, stackSchema } from "./config";
import { schemaFaults } from "./config-faults";
import { type Readable, ruleFaults, type Surroundings } from "./config-rules";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The sections of `raw`, and the entries of its records, that are right by themselves. */
function readable(raw: Record<string, unknown>): Readable {
  const sections: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(stackSchema.shape)) {
    const value = raw[key];
    if (key === "models" || key === "gpuPools") {
      if (!isRecord(value)) continue;
      const entries = Object.entries(value).flatMap(([name, entry]) => {
        const result = schema.safeParse({ [name]: entry });
        return result.success ? Object.entries(result.data as object) : [];
      });
      // A pool whose entry is wrong is missing here; rules that would then accuse its models wait for the next run.
      if (entries.length === Object.keys(value).length || key === "models") sections[key] = Object.fromEntries(entries);
      continue;
    }
    const result = schema.safeParse(value);
    if (result.success) sections[key] = result.data;
  }
  return sections as Readable;
}

/**
 * The validated settings of a stack.
 * @throws ConfigError with every fault at once, each with its path, its value and the fix.
 */
export function parseStack(raw: unknown, around: Surroundings): StackConfig {
  const faults: Fault[] = schemaFaults(stackSchema, raw);
  const rules = isRecord(raw) ? ruleFaults(readable(raw), around) : [];
  const known = new Set(faults.map(({ path }) => path));
  faults.push(...rules.filter(({ path }) => !known.has(path)));
  if (faults.length > 0) throw new ConfigError(faults);
  return stackSchema.parse(raw);
}

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
