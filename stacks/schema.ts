import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { stackSchema } from "./config";
import { awsSchema } from "./config-aws";
import { configurationReference } from "./schema-reference";

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

const root = join(__dirname, "..");

/** What `npm run config:schema` writes: path and text of each file. */
export const written = (): [string, string][] => [
  [join(root, "stacks", "stack.schema.json"), `${JSON.stringify(stackFileSchema(), null, 2)}\n`],
  [join(root, "docs", "configuration.md"), configurationReference()],
];

const USAGE = `Usage: npm run config:schema [-- --check]

Writes stacks/stack.schema.json and docs/configuration.md from stacks/config.ts.

  --check   writes nothing, and ends with 1 where a file is not what the schema says
  --help    this text

Ends with 2 for a wrong command line.`;

function check([path, text]: [string, string]): boolean {
  if (readFileSync(path, "utf8") === text) return true;
  console.error(`${path} is out of date; run: npm run config:schema`);
  return false;
}

function write([path, text]: [string, string]): boolean {
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
  return true;
}

/** @returns the exit status. */
export function schemaCommand(args: string[]): number {
  const options = { check: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  let flags: { check?: boolean; help?: boolean };
  try {
    flags = parseArgs({ args, options }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  const right = written().map(flags.check ? check : write);
  return right.every(Boolean) ? 0 : 1;
}

if (require.main === module) process.exitCode = schemaCommand(process.argv.slice(2));
