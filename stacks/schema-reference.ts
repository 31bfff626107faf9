import { z } from "zod";
import { stackSchema } from "./config";
import { awsSchema } from "./config-aws";
import { shapes } from "./config-types";

/*
 * The configuration reference in docs, from the schema.
 */

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Stands in the JSON Schema that the table is made of, and in none that is written. */
const SHAPE = "x-shape";

/** What a user may write of a schema, each kind of number by its own words. */
const written = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const known = shapes.get(zodSchema);
      if (known !== undefined) jsonSchema[SHAPE] = known.shape;
    },
  });

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** JSON Schema bounds every integer by what a double holds, which is no bound of ours. */
const bound = (limit: number | undefined) =>
  limit !== undefined && Math.abs(limit) === Number.MAX_SAFE_INTEGER ? undefined : limit;

/** `, 2 to 3` of bounds, as far as there are any. */
function range(min: number | undefined, max: number | undefined): string {
  const [from, to] = [bound(min), bound(max)];
  if (from === undefined) return to === undefined ? "" : `, up to ${to}`;
  return to === undefined ? `, ${from} or more` : `, ${from} to ${to}`;
}

const shape = (schema: JsonSchema): string => {
  if (typeof schema[SHAPE] === "string") return schema[SHAPE];
  if (schema.enum) return schema.enum.map(String).join(" \\| ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map((option) => shape(option as JsonSchema)))].join(" \\| ");
  if (schema.type === "array")
    return `list of ${shape((schema.items ?? {}) as JsonSchema)}${range(schema.minItems, schema.maxItems)}`;
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum, maximum, exclusiveMinimum } = schema;
    return `${schema.type}${exclusiveMinimum === undefined ? range(minimum, maximum) : `, above ${exclusiveMinimum}`}`;
  }
  return schema.type === "string" || schema.type === undefined ? "text" : [schema.type].flat().join(" or ");
};

function rows(path: string, schema: JsonSchema): string[] {
  const out: string[] = [];
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const property = child as JsonSchema;
    const here = path === "" ? key : `${path}.${key}`;
    const optional = schema.required?.includes(key) ? "required" : "default" in property ? shown(property.default) : "";
    const nested = nestedObjects(property);
    if (nested.length === 0)
      out.push(`| \`${here}\` | ${shape(property)} | ${optional} | ${property.description ?? ""} |`);
    for (const { suffix, object } of nested) out.push(...rows(`${here}${suffix}`, object));
  }
  return out;
}

/** The objects inside a property: itself, a record's values, a list's items, or each branch of a union. */
function nestedObjects(schema: JsonSchema, suffix = ""): { suffix: string; object: JsonSchema }[] {
  if (schema.properties) return [{ suffix, object: schema }];
  if (schema.anyOf) return schema.anyOf.flatMap((option) => nestedObjects(option as JsonSchema, suffix));
  if (schema.type === "array" && schema.items) return nestedObjects(schema.items as JsonSchema, `${suffix}[]`);
  if (typeof schema.additionalProperties === "object")
    return nestedObjects(schema.additionalProperties as JsonSchema, `${suffix}.<name>`);
  return [];
}

/** docs/configuration.md: every setting with its type, default and meaning. */
export function configurationReference(): string {
  const table = rows("", written(stackSchema));
  const aws = Object.entries(written(awsSchema).properties ?? {}).map(([key, property]) => [`aws:${key}`, property]);
  return [
    "# Configuration reference",
    "",
    "Every setting of a stack file, under `config:` with the prefix `pilotlight:`. Written by `npm run config:schema`; edit `stacks/config.ts` instead.",
    "Durations are written `90s`, `10m`, `1h30m` (units s, m, h, d); sizes `200Gi`; context lengths `32768` or `32k`.",
    "Names of pools and models are at most 40 lower-case letters, digits and dashes, and start with a letter: `llama-3-2-3b`, no dots. A model's name is the `model` of its requests.",
    "Where a setting appears twice, the first form is for a cluster that the kit makes and the second for one it adopts.",
    "",
    "| Setting | Type | Default | Meaning |",
    "|---|---|---|---|",
    ...new Set(table),
    "",
    "`aws:region` is required with a cluster that the kit makes. Of the other settings of the AWS provider these are handed on, and the rest is refused:",
    "",
    "| Setting | Type | Default | Meaning |",
    "|---|---|---|---|",
    ...rows("", { properties: Object.fromEntries(aws) }),
    "",
  ].join("\n");
}
