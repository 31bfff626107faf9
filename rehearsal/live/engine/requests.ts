import { isRecord } from "../../../planner/record";
import type { Kind } from "./answers";
import type { Generation } from "./engine";
import { TOKEN_CHARACTERS } from "./prefix-cache";
import { brokenJson, invalid, malformed, missing, refused, tooFew, tooLong, tooMany, unknownModel } from "./refusals";

/** What a client asked for, valid. */
export interface GenerationRequest extends Generation {
  readonly kind: Kind;
  /** What the log names it by: the last words of the user. */
  readonly shown: string;
  readonly stream: boolean;
  /** A chunk with the usage at the end of a stream. */
  readonly includeUsage: boolean;
}

/** What a request is held against. */
export interface Served {
  readonly names: readonly string[];
  readonly maxModelLen: number;
}

/** Tokens of a chat's answer that nobody has limited: a model stops by itself, here always there. */
const UNLIMITED = 256;
/** vLLM's limit of a completion's answer that has none. */
const COMPLETION_LIMIT = 16;

/** Characters by four, an estimate: the weights' tokeniser is not here. */
export const countTokens = (text: string): number => Math.max(1, Math.ceil(text.length / TOKEN_CHARACTERS));

/** The body as an object. */
export function parseBody(text: string): Record<string, unknown> {
  if (text === "") throw missing("body", null);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw brokenJson(text, error instanceof Error ? error.message : String(error));
  }
  if (body === null) throw missing("body", null);
  if (isRecord(body)) return body;
  const message = "Input should be a valid dictionary or object to extract fields from";
  throw invalid("model_attributes_type", "body", message, body);
}

/** Text of a message: a string, or parts of which the texts count. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return "";
  if (!Array.isArray(content)) throw malformed("content: must be a string or a list of parts");
  return content.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("\n");
}

export interface Prompt {
  readonly prompt: string;
  /** What the log names it by. */
  readonly shown: string;
  /** Whether it came as the ids of its tokens. */
  readonly ids: boolean;
}

/** A chat as one text. Real templates add some tokens for each message; here a prompt is as long as what it says. */
function chatPrompt(body: Record<string, unknown>): Prompt {
  const { messages } = body;
  if (messages === undefined) throw missing("body.messages", body);
  if (!Array.isArray(messages)) throw invalid("list_type", "body.messages", "Input should be a valid list", messages);
  if (messages.length === 0)
    throw refused("Cannot apply chat template to an empty conversation. Provide at least one message.");
  const turns = messages.map((message) => {
    if (!isRecord(message) || typeof message.role !== "string") throw malformed("messages: each needs a role");
    return { role: message.role, text: textOf(message.content) };
  });
  const said = turns.filter(({ role }) => role === "user").at(-1);
  return { prompt: turns.map(({ text }) => text).join("\n"), shown: said?.text ?? "", ids: false };
}

/** A text, a list with one, or token ids, each of which stands as the characters that one token has. */
function completionPrompt(prompt: unknown): Prompt {
  if (prompt === undefined || prompt === null || prompt === "")
    throw refused("Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)", "prompt");
  if (typeof prompt === "string") return { prompt, shown: prompt, ids: false };
  if (!Array.isArray(prompt)) throw malformed("prompt: must be a text or a list");
  if (prompt.length === 0) throw refused("You must pass at least one prompt");
  if (prompt.every((id) => Number.isInteger(id) && id >= 0)) {
    const text = prompt.map((id) => Number(id).toString(36).padStart(TOKEN_CHARACTERS, "0")).join("");
    return { prompt: text, shown: text, ids: true };
  }
  if (prompt.length > 1) throw refused("the simulated engine answers one prompt at a time", "prompt");
  return completionPrompt(prompt[0]);
}

/** A whole number that may be left out or null; vLLM takes one in a text too. */
function countOf(body: Record<string, unknown>, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const count = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof count === "number" && Number.isInteger(count)) return count;
  const [type, more] =
    typeof value === "string"
      ? ["int_parsing", ", unable to parse string as an integer"]
      : typeof value === "number"
        ? ["int_from_float", ", got a number with a fractional part"]
        : ["int_type", ""];
  throw invalid(type, `body.${name}`, `Input should be a valid integer${more}`, value);
}

/** Whether the body names a model that is served here; vLLM takes a body that names none. */
export function checkModel({ model }: Record<string, unknown>, { names }: Served): void {
  if (model === undefined || model === null || (typeof model === "string" && names.includes(model))) return;
  throw unknownModel(model, names);
}

/** The chat or the text of a body that /tokenize and /invocations take either way. */
export const kindOf = (body: Record<string, unknown>): Kind => ("messages" in body ? "chat" : "completion");

export const promptOf = (kind: Kind, body: Record<string, unknown>): Prompt =>
  kind === "chat" ? chatPrompt(body) : completionPrompt(body.prompt);

/** Most tokens of the answer, by the field that counts. */
function limitOf(kind: Kind, body: Record<string, unknown>): { name: string; limit: number | undefined } {
  const limit = countOf(body, "max_tokens");
  const name = "max_tokens";
  if (kind === "completion") return { name, limit: limit ?? COMPLETION_LIMIT };
  const instead = countOf(body, "max_completion_tokens");
  return instead === undefined ? { name, limit } : { name: "max_completion_tokens", limit: instead };
}

/** What a body asks for. Sampling, tools and formats are passed over: an answer is always the same words. */
export function readRequest(
  kind: Kind,
  body: Record<string, unknown>,
  { names, maxModelLen }: Served,
): GenerationRequest {
  // In vLLM's order: the fields, the model, the lengths, the values.
  const { name, limit } = limitOf(kind, body);
  const n = countOf(body, "n") ?? 1;
  const { prompt, shown, ids } = promptOf(kind, body);
  checkModel(body, { names, maxModelLen });
  if (limit !== undefined && limit > maxModelLen) throw tooMany(name, limit, maxModelLen);
  const promptTokens = countTokens(prompt);
  if (promptTokens > maxModelLen) throw tooLong(maxModelLen, ids ? promptTokens : maxModelLen + 1);
  if (n < 1) throw refused(`n must be at least 1, got ${n}.`);
  if (n > 1) throw refused("the simulated engine answers with n=1 only", "n");
  // An answer gets no more than what its prompt has left, and nobody is told.
  const answerTokens = Math.min(limit ?? UNLIMITED, maxModelLen - promptTokens);
  if (answerTokens < 1) throw tooFew(answerTokens);
  const stream = body.stream === true;
  return {
    kind,
    prompt,
    shown,
    promptTokens,
    answerTokens,
    finishReason: limit === undefined && answerTokens === UNLIMITED ? "stop" : "length",
    stream,
    includeUsage: stream && isRecord(body.stream_options) && body.stream_options.include_usage === true,
  };
}
