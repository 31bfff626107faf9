import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { stackSchema } from "./config";
import { awsSchema } from "./config-aws";

/*
 * `npm run config:schema`: writes the JSON Schema that gives editors completion in the stack files, and the configuration
 * reference in docs. With --check it writes nothing and fails when a file is not what the schema says.
 */

type JsonSchema = z.core.JSONSchema.JSONSchema;

const prefixed = (prefix: string, properties: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(properties).map(([key, schema]) => [`${prefix}:${key}`, schema])) as Record<
    string,
    JsonSchema
  >;

const awsProperties = () => z.toJSONSchema(awsSchema, { io: "input" }).properties ?? {};

/** The JSON Schema of a whole stack file. */
export function stackFileSchema(): JsonSchema {
  const { properties = {}, required = [] } = z.toJSONSchema(stackSchema, { io: "input", unrepresentable: "any" });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A stack of Pilotlight",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: {
          "aws:region": { type: "string", description: "AWS region of the stack." },
          ...prefixed("aws", awsProperties()),
          ...prefixed("pilotlight", properties),
          // A secret is stored as {secure: …}.
          "pilotlight:huggingFaceToken": {
            type: "object",
            required: ["secure"],
            properties: { secure: { type: "string" } },
          },
        },
        patternProperties: { "^(kubernetes|random|pulumi):": {} },
        required: required.map((key) => `pilotlight:${key}`),
        additionalProperties: false,
      },
    },
  };
}

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const shape = (schema: JsonSchema): string => {
  if (schema.enum) return schema.enum.map(String).join(" \\| ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map((option) => shape(option as JsonSchema)))].join(" \\| ");
  if (schema.type === "array") return `list of ${shape((schema.items ?? {}) as JsonSchema)}`;
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
  const table = rows("", z.toJSONSchema(stackSchema, { io: "input", unrepresentable: "any" }));
  return [
    "# Configuration reference",
    "",
    "Every setting of a stack file, under `config:` with the prefix `pilotlight:`. Written by `npm run config:schema`; edit `stacks/config.ts` instead.",
    "Durations are written `90s`, `10m`, `1h30m`; sizes `200Gi`; context lengths `32768` or `32k`.",
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
    ...rows("", { properties: prefixed("aws", awsProperties()) }),
    "",
  ].join("\n");
}

const root = join(__dirname, "..");

/** What `npm run config:schema` writes: path and text of each file. */
export const written = (): [string, string][] => [
  [join(root, "stacks", "stack.schema.json"), `${JSON.stringify(stackFileSchema(), null, 2)}\n`],
  [join(root, "docs", "configuration.md"), configurationReference()],
];

if (require.main === module) {
  const check = process.argv.includes("--check");
  for (const [path, text] of written()) {
    if (!check) {
      writeFileSync(path, text);
      console.log(`wrote ${path}`);
    } else if (readFileSync(path, "utf8") !== text) {
      console.error(`${path} is out of date; run: npm run config:schema`);
      process.exitCode = 1;
    }
  }
}
