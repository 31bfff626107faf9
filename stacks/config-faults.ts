import { z } from "zod";
import type { Fault } from "../components/errors";
import { GPU_ALIASES } from "../planner/gpus";
import { didYouMean } from "../planner/near-name";
import { isRecord } from "../planner/record";

/*
 * Turns zod's issues into faults a person can act on: path, value, allowed set, and a near miss where there is one.
 */

/** A fault of a value by itself. */
export interface FormFault extends Fault {
  /** Set where the name of an entry is wrong: what stands under the name is judged all the same. */
  readonly ofName?: true;
}

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

/** What the values of the record at `path` have to be, if there is one. */
function entrySchema(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  const here = bare(schema);
  if (here instanceof z.ZodUnion) return here.options.map((option) => entrySchema(option, path)).find(Boolean);
  const [next, ...rest] = path;
  if (here instanceof z.ZodRecord) return next === undefined ? here.valueType : entrySchema(here.valueType, rest);
  const child = here instanceof z.ZodObject ? here.shape[String(next)] : undefined;
  return child && entrySchema(child, rest);
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

/** Text counts as too short or too long for a list, too; that it is none says it all. */
const withoutEchoes = (issues: readonly Issue[]): Issue[] =>
  issues.filter(
    ({ code, path }) =>
      !(code === "too_small" || code === "too_big") ||
      !issues.some((other) => other.code === "invalid_type" && showPath(other.path) === showPath(path)),
  );

/** Words that YAML reads as text; others, and those that it reads as something else, need quotes. */
const isPlainText = (value: string) =>
  /^[a-z][\w.@/+-]*$/i.test(value) && !/^(true|false|yes|no|on|off|null)$/i.test(value);

function typeMessage(value: unknown, expected: string): string {
  const shown = JSON.stringify(value);
  if (expected !== "array") return `${shown} is not of type ${expected}`;
  if (typeof value !== "string") return `${shown} is not a list`;
  return `${shown} is not a list; write [${isPlainText(value) ? value : shown}]`;
}

function faultsOf(issue: Issue, raw: unknown, schema: z.core.$ZodType, above: Path): FormFault[] {
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
      return withoutEchoes(meantBranch(issue.errors)).flatMap((inner) => faultsOf(inner, raw, schema, path));
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
                ? typeMessage(value, issue.expected)
                : issue.message,
        },
      ];
    case "invalid_key": {
      // Zod stops at the name.
      const entry = entrySchema(schema, path.slice(0, -1));
      return [
        ...issue.issues.map((inner) => ({ path: at, message: inner.message, ofName: true as const })),
        ...(entry === undefined ? [] : issuesOf(entry, value).flatMap((inner) => faultsOf(inner, raw, schema, path))),
      ];
    }
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

function issuesOf(schema: z.core.$ZodType, value: unknown): Issue[] {
  const result = z.safeParse(schema, value);
  return result.success ? [] : withoutEchoes(result.error.issues);
}

/** Every fault zod found in `raw`, in the order of the schema. */
export const schemaFaults = (schema: z.ZodType, raw: unknown): FormFault[] =>
  issuesOf(schema, raw).flatMap((issue) => faultsOf(issue, raw, schema, []));
