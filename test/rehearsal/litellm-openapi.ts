import {
  createAnswer,
  createRequest,
  keyRow,
  listAnswer,
  listRequest,
  revokeRequest,
} from "../../scripts/key-requests";

/*
 * Of LiteLLM's own description of its API the part that `npm run key` uses, as test/data/litellm-openapi.json holds it.
 */

export type Schema = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly query?: Readonly<Record<string, Schema>>;
  readonly body?: Schema;
  /** Absent where LiteLLM describes none; `withoutDatabase` then has one. */
  readonly answer?: Schema;
}

export interface LitellmApi {
  readonly source: string;
  readonly version: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** What a gateway without a database answers. */
  readonly withoutDatabase: Readonly<Record<string, { readonly status: number; readonly body: unknown }>>;
}

/** Every flag of `create` set, so that every field is there. */
export const FULL_KEY = {
  name: "alice",
  budget: 20.5,
  budgetDuration: "30d",
  rpm: 60,
  models: ["qwen"],
  expires: "90d",
};

const keysOf = (value: object | undefined) => Object.keys(value ?? {});

/** As the linter wants it: what fits a line on one. */
export function printed(value: unknown, indent = "", before = 0): string {
  const entries = Array.isArray(value)
    ? value.map((child) => ["", child] as const)
    : typeof value === "object" && value !== null
      ? Object.entries(value).map(([key, child]) => [`${JSON.stringify(key)}: `, child] as const)
      : undefined;
  if (entries === undefined || entries.length === 0) return JSON.stringify(value);
  const [open, close, pad] = Array.isArray(value) ? ["[", "]", ""] : ["{", "}", " "];
  const flat = `${open}${pad}${entries.map(([key, child]) => key + printed(child, "", -1e6)).join(", ")}${pad}${close}`;
  if (indent.length + before + flat.length < 120) return flat;
  const deeper = `${indent}  `;
  const lines = entries.map(([key, child]) => `${deeper}${key}${printed(child, deeper, key.length)}`);
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

/** What python/litellm_openapi.py writes. */
export interface Described {
  version: string;
  // biome-ignore lint/suspicious/noExplicitAny: OpenAPI as it comes; what is looked for and not there throws.
  openapi: { paths: any; components: { schemas: any } };
  answers: LitellmApi["withoutDatabase"];
}

/** The part that is used. @throws where a path, method or field is not in the description. */
export function cut({ version, openapi, answers }: Described): LitellmApi {
  const { paths, components } = openapi;

  function schemaOf(name: string): Record<string, Schema> {
    const properties = components.schemas[name]?.properties;
    if (properties === undefined) throw new Error(`LiteLLM ${version} describes no ${name}`);
    return properties;
  }

  function operation(method: string, path: string) {
    const found = paths[path]?.[method.toLowerCase()];
    if (found === undefined) throw new Error(`LiteLLM ${version} has no ${method} ${path}`);
    return found;
  }

  /** Types alone, references written out. */
  function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    const { $ref, title: _, description: __, default: ___, ...rest } = value as Record<string, unknown>;
    if (typeof $ref === "string") return plain(components.schemas[nameIn($ref)]);
    return Object.fromEntries(Object.entries(rest).map(([key, child]) => [key, plain(child)]));
  }

  function pick(from: Record<string, Schema>, fields: readonly string[], where: string): Record<string, Schema> {
    return Object.fromEntries(
      [...fields].sort().map((field) => {
        if (from[field] === undefined) throw new Error(`LiteLLM ${version}: ${where} has no ${field}`);
        return [field, plain(from[field]) as Schema];
      }),
    );
  }

  const nameIn = (ref: string) => ref.split("/").at(-1) ?? "";
  const bodyName = (method: string, path: string) =>
    nameIn(operation(method, path).requestBody.content["application/json"].schema.$ref);
  const answerName = (method: string, path: string) =>
    nameIn(operation(method, path).responses["200"].content["application/json"].schema.$ref);
  const object = (properties: Record<string, Schema>): Schema => ({
    type: "object",
    additionalProperties: false,
    properties,
  });
  const body = (path: string, fields: readonly string[]) => {
    const name = bodyName("POST", path);
    return object(pick(schemaOf(name), fields, name));
  };

  const parameters = Object.fromEntries(
    operation("GET", "/key/list")
      .parameters.filter((parameter: { in: string }) => parameter.in === "query")
      .map((parameter: { name: string; schema: Schema }) => [parameter.name, parameter.schema]),
  );
  const listed = answerName("GET", "/key/list");
  // Of the forms that a listed key may have, the one with `return_full_object`.
  const row = "UserAPIKeyAuth";
  if (!JSON.stringify(schemaOf(listed).keys).includes(`/${row}"`)) throw new Error(`${listed}.keys is no ${row}`);
  const listFields = pick(schemaOf(listed), keysOf(listAnswer.shape), listed);
  const created = answerName("POST", "/key/generate");
  for (const path of ["/health/readiness", "/v1/models"]) operation("GET", path);

  return {
    source:
      "LiteLLM's app.openapi(), and answers of the app without a database; cut and checked by " +
      "test/rehearsal/litellm-openapi.test.ts",
    version,
    operations: {
      "GET /health/readiness": {},
      "GET /v1/models": {},
      "GET /key/list": {
        query: pick(parameters, keysOf(listRequest(1).query), "/key/list"),
        answer: object({
          ...listFields,
          keys: { type: "array", items: object(pick(schemaOf(row), keysOf(keyRow.shape), row)) },
        }),
      },
      "POST /key/generate": {
        body: body("/key/generate", keysOf(createRequest(FULL_KEY).body)),
        answer: object(pick(schemaOf(created), keysOf(createAnswer.shape), created)),
      },
      "POST /key/delete": { body: body("/key/delete", keysOf(revokeRequest("alice").body)) },
    },
    withoutDatabase: answers,
  };
}
