import type { FinishedReason } from "./metrics";

/*
 * The JSON bodies of vLLM's API, as far as clients and gateways read them.
 */

export type Kind = "chat" | "completion";

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: number;
  };
}

export const apiError = (code: number, type: string, message: string, param: string | null = null): ErrorBody => ({
  error: { message, type, param, code },
});

/** Three letters each: with the space before it a word has the four characters that one token is counted as. */
const WORDS = ["the", "sun", "and", "sea", "are", "far", "but", "one", "ray", "can", "hit", "you"];

/** Text of a token of any answer, from 0; an answer is its tokens' texts joined. */
export const tokenText = (index: number): string => (index === 0 ? "" : " ") + WORDS[index % WORDS.length];

export const answerText = (tokens: number): string =>
  Array.from({ length: tokens }, (_, index) => tokenText(index)).join("");

/** What all bodies of one answer have in common. */
export interface AnswerHead {
  readonly kind: Kind;
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

export interface Usage {
  readonly promptTokens: number;
  readonly tokens: number;
}

const usageBody = ({ promptTokens, tokens }: Usage) => ({
  prompt_tokens: promptTokens,
  total_tokens: promptTokens + tokens,
  completion_tokens: tokens,
});

const head = ({ kind, id, created, model }: AnswerHead, chunk: boolean) => ({
  id,
  object: kind === "completion" ? "text_completion" : chunk ? "chat.completion.chunk" : "chat.completion",
  created,
  model,
});

/** A whole answer. */
export function answerBody(of: AnswerHead, usage: Usage, finishReason: FinishedReason): object {
  const text = answerText(usage.tokens);
  const said = of.kind === "chat" ? { message: { role: "assistant", content: text, refusal: null } } : { text };
  const choice = { index: 0, ...said, logprobs: null, finish_reason: finishReason, stop_reason: null };
  const counted = { ...usageBody(usage), prompt_tokens_details: null, completion_tokens_details: null };
  return { ...head(of, false), choices: [choice], service_tier: null, usage: counted };
}

/** The first chunk of a chat's stream, before any token. */
export const roleChunk = (of: AnswerHead): object => ({
  ...head(of, true),
  choices: [{ index: 0, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }],
});

/** A chunk of a stream; the last token's has the reason. */
export function textChunk(of: AnswerHead, text: string, finishReason: FinishedReason | null): object {
  const said = of.kind === "chat" ? { delta: { content: text } } : { text };
  const choice = { index: 0, ...said, logprobs: null, finish_reason: finishReason, stop_reason: null };
  return { ...head(of, true), choices: [choice] };
}

/** The chunk that `stream_options.include_usage` asks for. */
export const usageChunk = (of: AnswerHead, usage: Usage): object => ({
  ...head(of, true),
  choices: [],
  usage: usageBody(usage),
});

export const event = (body: object): string => `data: ${JSON.stringify(body)}\n\n`;
export const DONE = "data: [DONE]\n\n";

/** GET /v1/models. */
export const modelsBody = (names: readonly string[], root: string, maxModelLen: number, created: number): object => ({
  object: "list",
  data: names.map((id) => {
    return { id, object: "model", created, owned_by: "vllm", root, parent: null, max_model_len: maxModelLen };
  }),
});

/** POST /tokenize. The ids are numbers from 1, since only their count means anything here. */
export const tokensBody = (count: number, maxModelLen: number): object => ({
  count,
  max_model_len: maxModelLen,
  tokens: Array.from({ length: count }, (_, index) => index + 1),
  token_strs: null,
});
