import { apiError, type ErrorBody } from "./answers";

/*
 * What vLLM says to what it refuses, to the letter. Of several fields that are wrong it names all, and here the first is
 * named.
 */

/** A request that is answered with an error. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.error.message);
  }
}

/** Of a body, and of a value in it. */
export const malformed = (message: string, param: string | null = null) =>
  new RequestError(400, apiError(400, "Bad Request", message, param));
export const refused = (message: string, param: string | null = null) =>
  new RequestError(400, apiError(400, "BadRequestError", message, param));

const refusedFor = (param: string, value: number, message: string) =>
  refused(`${message} (parameter=${param}, value=${value})`, param);

export const tooLong = (most: number, tokens: number) => {
  // A text is cut behind the first token that is too many, so vLLM does not know how many there are.
  const count = tokens === most + 1 ? `at least ${tokens}` : tokens;
  return refusedFor(
    "input_tokens",
    tokens,
    `This model's maximum context length is ${most} tokens. However, your prompt contains ${count} input tokens, which ` +
      "exceeds this limit even without any output tokens. Please reduce the length of the input prompt.",
  );
};

export const tooMany = (name: string, value: number, most: number) =>
  refusedFor(
    name,
    value,
    `${name}=${value} cannot be greater than max_model_len=${most}. Please request fewer output tokens.`,
  );

/** So whichever field had the number. */
export const tooFew = (value: number) =>
  refusedFor("max_tokens", value, `max_tokens must be at least 1, got ${value}.`);

export const unknownModel = (model: unknown, names: readonly string[]) => {
  const message = `The model \`${model}\` does not exist. Valid aliases: ${names.join(", ")}.`;
  return new RequestError(404, apiError(404, "NotFoundError", message, "model"));
};

export const wrongContentType = () =>
  malformed("1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed");

/** A text as Python shows it. */
function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return text.includes("'") && !text.includes('"') ? `"${inner}"` : `'${inner.replaceAll("'", "\\'")}'`;
}

const SHOWN = 200;

/** What a field has, as vLLM shows it. */
function described(value: unknown): string {
  if (Array.isArray(value)) return `<list of ${value.length} items>`;
  if (typeof value === "object" && value !== null) return `<dict of ${Object.keys(value).length} items>`;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  const text = String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...[truncated]` : text;
}

/** Pydantic's refusal of a field. @param at such as `body.messages` */
export const invalid = (type: string, at: string, message: string, input: unknown, more = "") =>
  malformed(
    `1 validation error:\n  {'type': '${type}', 'loc': '${at}', 'msg': ${quoted(message)}, ` +
      `'input': ${quoted(described(input))}${more}}`,
    at,
  );

export const missing = (at: string, input: unknown) => invalid("missing", at, "Field required", input);

/** Python's words for V8's. */
const JSON_FAULTS = [
  [/^Expected ':'/, "Expecting ':' delimiter"],
  [/^Expected ','/, "Expecting ',' delimiter"],
  [/property name/, "Expecting property name enclosed in double quotes"],
  [/non-whitespace/, "Extra data"],
  [/^/, "Expecting value"],
] as const;

export function brokenJson(text: string, message: string): RequestError {
  const fault = JSON_FAULTS.find(([pattern]) => pattern.test(message))?.[1] ?? "";
  // V8 does not always say where.
  const at = /at position (\d+)/.exec(message)?.[1] ?? text.length;
  return invalid("json_invalid", `body.${at}`, "JSON decode error", {}, `, 'ctx': {'error': ${quoted(fault)}}`);
}
