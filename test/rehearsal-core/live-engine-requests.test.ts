import { describe, expect, test } from "vitest";
import { answerBody, answerText, tokenText, usageChunk } from "../../rehearsal/live/engine/answers";
import { countTokens, parseBody, RequestError, readRequest } from "../../rehearsal/live/engine/requests";

const SERVED = { names: ["qwen3-8b"], maxModelLen: 1000 };

const chat = (more: object = {}, content: unknown = "Hello there") =>
  readRequest("chat", { model: "qwen3-8b", messages: [{ role: "user", content }], ...more }, SERVED);
const completion = (more: object) => readRequest("completion", { model: "qwen3-8b", ...more }, SERVED);

function refusal(read: () => unknown): { status: number; type: string; message: string; param: string | null } {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { type, message, param, code } = error.body.error;
    expect(code).toBe(error.status);
    return { status: error.status, type, message, param };
  }
  throw new Error("it was taken");
}

describe("a request", () => {
  test("has its prompt's tokens counted, four characters each", () => {
    expect(chat()).toMatchObject({ kind: "chat", prompt: "Hello there", shown: "Hello there", promptTokens: 3 });
    expect(countTokens("")).toBe(1);
    expect(completion({ prompt: [1, 2, 3] })).toMatchObject({ promptTokens: 3, prompt: "000100020003" });
    expect(completion({ prompt: ["only one"] }).prompt).toBe("only one");
  });

  test("is shown by what the user said last, whoever spoke after", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "first" },
      { role: "assistant", content: "yes" },
      { role: "user", content: [{ type: "text", text: "second" }, { type: "image_url" }] },
      { role: "assistant", content: null, tool_calls: [] },
    ];
    const request = readRequest("chat", { messages }, SERVED);
    expect(request.shown).toBe("second\n");
    expect(request.prompt).toBe("Be brief.\nfirst\nyes\nsecond\n\n");
  });

  test("gets as many tokens as it asks for, and a usual number where it does not", () => {
    expect(chat({ max_tokens: 7 })).toMatchObject({ answerTokens: 7, finishReason: "length" });
    expect(chat({ max_tokens: 7, max_completion_tokens: 9 }).answerTokens).toBe(9);
    expect(chat({ max_tokens: null })).toMatchObject({ answerTokens: 256, finishReason: "stop" });
    expect(chat({}, "x".repeat(3600)).answerTokens).toBe(100);
    expect(completion({ prompt: "x" })).toMatchObject({ answerTokens: 16, finishReason: "stop" });
  });

  test("may stream, with the usage at the end only where it does", () => {
    expect(chat()).toMatchObject({ stream: false, includeUsage: false });
    const options = { stream_options: { include_usage: true } };
    expect(chat({ stream: true, ...options })).toMatchObject({ stream: true, includeUsage: true });
    expect(chat(options).includeUsage).toBe(false);
  });

  test("may say more than is understood here", () => {
    expect(() => chat({ tools: [{}], response_format: {}, temperature: 0, ignore_eos: true, n: 1 })).not.toThrow();
  });

  test("for another model is not found", () => {
    expect(refusal(() => chat({ model: "x" }))).toEqual({
      ...{ status: 404, type: "NotFoundError", param: "model", message: "The model `x` does not exist." },
    });
    expect(chat({ model: undefined }).promptTokens).toBe(3);
  });

  test("that is longer than the context is refused, whether by its prompt or its answer", () => {
    const message = "This model's maximum context length is 1000 tokens. However, you requested 998 output tokens";
    const long = refusal(() => chat({ max_tokens: 998 }));
    expect(long).toMatchObject({ status: 400, type: "BadRequestError" });
    expect(long.message).toContain(message);
    expect(long.message).toContain("3 input tokens, for a total of 1001 tokens");
    expect(chat({ max_tokens: 997 }).answerTokens).toBe(997);
    expect(refusal(() => chat({}, "x".repeat(4000))).message).toContain("1000 input tokens");
    expect(chat({}, "x".repeat(3996)).answerTokens).toBe(1);
  });

  test.each([
    ["no JSON", () => parseBody("{"), "JSON decode error"],
    ["a list", () => parseBody("[]"), "must be a JSON object"],
    ["no messages", () => readRequest("chat", {}, SERVED), "messages: must be a list"],
    ["a message without a role", () => readRequest("chat", { messages: [{}] }, SERVED), "each needs a role"],
    ["content of another kind", () => chat({}, 7), "content: must be"],
    ["no prompt", () => completion({}), "prompt: must be"],
    ["two prompts", () => completion({ prompt: ["a", "b"] }), "one prompt at a time"],
    ["two answers", () => chat({ n: 2 }), "n=1 only"],
    ["no tokens", () => chat({ max_tokens: 0 }), "max_tokens must be at least 1, got 0."],
    ["half a token", () => chat({ max_tokens: 1.5 }), "max_tokens: must be a whole number"],
  ])("with %s is refused with 400", (_, read, message) => {
    expect(refusal(read)).toMatchObject({ status: 400, message: expect.stringContaining(message) });
  });
});

describe("an answer", () => {
  const head = { kind: "chat", id: "chatcmpl-1", created: 1, model: "qwen3-8b" } as const;

  test("is its tokens' texts, and counts as many tokens as it has", () => {
    expect(answerText(3)).toBe("the sun and");
    expect([0, 1, 2].map(tokenText).join("")).toBe(answerText(3));
    for (const tokens of [1, 2, 12, 13, 100]) expect(countTokens(answerText(tokens))).toBe(tokens);
  });

  test("has vLLM's bodies", () => {
    const usage = { promptTokens: 3, tokens: 2 };
    expect(answerBody(head, usage, "length")).toMatchObject({
      id: "chatcmpl-1",
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: "the sun" }, finish_reason: "length" }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
    expect(answerBody({ ...head, kind: "completion" }, usage, "stop")).toMatchObject({
      object: "text_completion",
      choices: [{ index: 0, text: "the sun", finish_reason: "stop" }],
    });
    expect(usageChunk(head, usage)).toMatchObject({ object: "chat.completion.chunk", choices: [] });
  });
});
