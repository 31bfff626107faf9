import { isRecord } from "../../../planner/record";
import { apiError, type ErrorBody, type Kind } from "./answers";
import type { Generation } from "./engine";
import { TOKEN_CHARACTERS } from "./prefix-cache";

/** What a client asked for, valid. */
export interface GenerationRequest extends Generation {
  readonly kind: Kind;
  /** What the log names it by: the last words of the user. */
  readonly shown: string;
  readonly stream: boolean;
  /** A chunk with the usage at the end of a stream. */
  readonly includeUsage: boolean;
}

/** A request that is answered with an error. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.error.message);
  }
}

/** What a request is held against. */
export interface Served {
  readonly names: readonly string[];
  readonly maxModelLen: number;
}

/** Tokens of an answer that nobody has limited: a model stops by itself, here always there. */
const UNLIMITED = { chat: 256, completion: 16 };

/** Characters by four, an estimate: the weights' tokeniser is not here. */
export const countTokens = (text: string): number => Math.max(1, Math.ceil(text.length / TOKEN_CHARACTERS));

/** FastAPI's refusal of a body, and vLLM's of a value. */
const malformed = (message: string) => new RequestError(400, apiError(400, "Bad Request", message));
const refused = (message: string, param: string | null = null) =>
  new RequestError(400, apiError(400, "BadRequestError", message, param));

/** The body as an object. */
export function parseBody(text: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw malformed(`JSON decode error: ${error instanceof Error ? error.message : error}`);
  }
  if (!isRecord(body)) throw malformed("the body must be a JSON object");
  return body;
}

/** Text of a message: a string, or parts of which the texts count. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return "";
  if (!Array.isArray(content)) throw malformed("content: must be a string or a list of parts");
  return content.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("\n");
}

/** A chat as one text. Real templates add some tokens for each message; here a prompt is as long as what it says. */
function chatPrompt(messages: unknown): { prompt: string; shown: string } {
  if (!Array.isArray(messages) || messages.length === 0) throw malformed("messages: must be a list of messages");
  const turns = messages.map((message) => {
    if (!isRecord(message) || typeof message.role !== "string") throw malformed("messages: each needs a role");
    return { role: message.role, text: textOf(message.content) };
  });
  const said = turns.filter(({ role }) => role === "user").at(-1);
  return { prompt: turns.map(({ text }) => text).join("\n"), shown: said?.text ?? "" };
}

/** A text, a list with one, or token ids, each of which stands as the characters that one token has. */
function completionPrompt(prompt: unknown): { prompt: string; shown: string } {
  if (typeof prompt === "string") return { prompt, shown: prompt };
  if (!Array.isArray(prompt) || prompt.length === 0) throw malformed("prompt: must be a text or a list");
  if (prompt.every((id) => Number.isInteger(id) && id >= 0)) {
    const text = prompt.map((id) => Number(id).toString(36).padStart(TOKEN_CHARACTERS, "0")).join("");
    return { prompt: text, shown: text };
  }
  if (prompt.length > 1) throw refused("the simulated engine answers one prompt at a time", "prompt");
  return completionPrompt(prompt[0]);
}

/** A count that may be left out or null. */
function countOf(body: Record<string, unknown>, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw malformed(`${name}: must be a whole number`);
  if (value < 1) throw refused(`${name} must be at least 1, got ${value}.`, name);
  return value;
}

/** Whether the body names a model that is served here; vLLM takes a body that names none. */
export function checkModel({ model }: Record<string, unknown>, { names }: Served): void {
  if (model === undefined || model === null || (typeof model === "string" && names.includes(model))) return;
  const message = `The model \`${model}\` does not exist.`;
  throw new RequestError(404, apiError(404, "NotFoundError", message, "model"));
}

/** The chat or the text of a body that /tokenize and /invocations take either way. */
export const kindOf = (body: Record<string, unknown>): Kind => ("messages" in body ? "chat" : "completion");

export const promptOf = (kind: Kind, body: Record<string, unknown>): { prompt: string; shown: string } =>
  kind === "chat" ? chatPrompt(body.messages) : completionPrompt(body.prompt);

/** What a body asks for. Sampling, tools and formats are passed over: an answer is always the same words. */
export function readRequest(kind: Kind, body: Record<string, unknown>, served: Served): GenerationRequest {
  checkModel(body, served);
  if ((countOf(body, "n") ?? 1) > 1) throw refused("the simulated engine answers with n=1 only", "n");
  const { prompt, shown } = promptOf(kind, body);
  const promptTokens = countTokens(prompt);
  const limit = countOf(body, "max_completion_tokens") ?? countOf(body, "max_tokens");
  const most = served.maxModelLen - promptTokens;
  if ((limit ?? 1) > most) throw tooLong(served.maxModelLen, promptTokens, limit ?? 1);
  const stream = body.stream === true;
  return {
    kind,
    prompt,
    shown,
    promptTokens,
    answerTokens: limit ?? Math.min(most, UNLIMITED[kind]),
    finishReason: limit === undefined ? "stop" : "length",
    stream,
    includeUsage: stream && isRecord(body.stream_options) && body.stream_options.include_usage === true,
  };
}

const tooLong = (most: number, prompt: number, answer: number) =>
  refused(
    `This model's maximum context length is ${most} tokens. However, you requested ${answer} output tokens and your ` +
      `prompt contains ${prompt} input tokens, for a total of ${prompt + answer} tokens. Please reduce the length of ` +
      "the input prompt or the number of requested output tokens.",
  );
