import { z } from "zod";
import type { Fault } from "../components/errors";
import { GPU_ALIASES } from "../planner/gpus";
import { didYouMean } from "../planner/near-name";
import { isRecord } from "../planner/record";

/*
 * Turns zod's issues into faults a person can act on: path, value, allowed set, and a near miss where there is one.
 */

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Zod's words for a wrong type, where the schema has none of its own. */
const ZODS_OWN = /^Invalid input/;

/** `models.qwen3-8b.gpu[0]`, as the stack file nests it. */
export function showPath(path: Path): string {
  return path.reduce<string>(
    (shown, key) =>
      typeof key === "number" ? `${shown}[${key}]` : shown === "" ? String(key) : `${shown}.${String(key)}`,
    "",
  );
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined),
    raw,
  );
}

/** Schemas without their defaults and optionality. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return bare(schema.unwrap());
  return schema;
}

/** Every key some schema at `path` knows. */
function knownKeys(schema: z.core.$ZodType, path: Path): string[] {
  const here = bare(schema);
  if (here instanceof z.ZodUnion) return here.options.flatMap((option) => knownKeys(option, path));
  const [next, ...rest] = path;
  if (here instanceof z.ZodObject) {
    if (next === undefined) return Object.keys(here.shape);
    const child = here.shape[String(next)];
    return child === undefined ? [] : knownKeys(child, rest);
  }
  if (here instanceof z.ZodRecord) return next === undefined ? [] : knownKeys(here.valueType, rest);
  if (here instanceof z.ZodArray) return next === undefined ? [] : knownKeys(here.element, rest);
  return [];
}

/** A union fails in each of its branches; the branch the user meant is the one with the fewest unknown and missing keys. */
function meantBranch(branches: readonly Issue[][]): Issue[] {
  const weight = (issues: Issue[]) =>
    issues.reduce(
      (sum, issue) =>
        sum + (issue.code === "unrecognized_keys" ? issue.keys.length * 10 : issue.path.length === 0 ? 5 : 1),
      0,
    );
  return [...branches].sort((a, b) => weight(a) - weight(b))[0] ?? [];
}

const aliasOf = (name: string) => (Object.hasOwn(GPU_ALIASES, name) ? GPU_ALIASES[name] : undefined);

function enumMessage(value: unknown, values: readonly unknown[]): string {
  const names = values.map(String);
  // YAML reads 1.35 as a number, and 1.30 as the number 1.3.
  if (typeof value === "number" && names.includes(String(value)))
    return `${value} without quotes is a number; write "${value}"`;
  const alias = typeof value === "string" && names.includes("a10g") ? aliasOf(value.toLowerCase()) : undefined;
  const hint = alias
    ? `; did you mean "${alias.use}"? (${alias.why})`
    : typeof value === "string"
      ? didYouMean(value, names)
      : "";
  return `${JSON.stringify(value)} is not one of ${names.join(", ")}${hint}`;
}

function faultsOf(issue: Issue, raw: unknown, schema: z.core.$ZodType, above: Path): Fault[] {
  const path = [...above, ...issue.path];
  const at = showPath(path);
  const value = valueAt(raw, path);
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = knownKeys(schema, path);
      return issue.keys.map((key) => ({
        path: showPath([...path, key]),
        message: `there is no such setting${didYouMean(key, known) || `; known here: ${[...new Set(known)].join(", ")}`}`,
      }));
    }
    case "invalid_union":
      if (
        issue.errors.every((branch) =>
          branch.every(({ code, path: inner }) => code === "invalid_type" && inner.length === 0),
        )
      )
        return [
          { path: at, message: value === undefined ? "is required" : `${JSON.stringify(value)} has the wrong type` },
        ];
      return meantBranch(issue.errors).flatMap((inner) => faultsOf(inner, raw, schema, path));
    case "invalid_value":
      return [
        {
          path: at,
          message:
            value === undefined
              ? `is required: one of ${issue.values.map(String).join(", ")}`
              : enumMessage(value, issue.values),
        },
      ];
    case "invalid_type":
      return [
        {
          path: at,
          message:
            value === undefined
              ? "is required"
              : ZODS_OWN.test(issue.message)
                ? `${JSON.stringify(value)} is not of type ${issue.expected}`
                : issue.message,
        },
      ];
    case "invalid_key":
      return issue.issues.map((inner) => ({ path: at, message: inner.message }));
    case "too_small":
      return [
        {
          path: at,
          message: `${JSON.stringify(value)} is too ${typeof value === "number" ? "small" : "short"}: at least ${issue.minimum}`,
        },
      ];
    case "too_big":
      return [
        {
          path: at,
          message: `${JSON.stringify(value)} is too ${typeof value === "number" ? "big" : "long"}: at most ${issue.maximum}`,
        },
      ];
    default:
      return [{ path: at, message: issue.message }];
  }
}

/** Every fault zod found in `raw`, in the order of the schema. */
export function schemaFaults(schema: z.ZodType, raw: unknown): Fault[] {
  const result = schema.safeParse(raw);
  return result.success ? [] : result.error.issues.flatMap((issue) => faultsOf(issue, raw, schema, []));
}
