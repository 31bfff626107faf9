import { describe, expect, test } from "vitest";
import { answerBody, answerText, tokenText, usageChunk } from "../../rehearsal/live/engine/answers";
import { RequestError } from "../../rehearsal/live/engine/refusals";
import { countTokens, parseBody, readRequest } from "../../rehearsal/live/engine/requests";

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
    expect(completion({ prompt: "x" })).toMatchObject({ answerTokens: 16, finishReason: "length" });
    expect(completion({ prompt: "x", max_completion_tokens: 9 }).answerTokens).toBe(16);
    expect(chat({ max_tokens: "7" }).answerTokens).toBe(7);
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
    const message = "The model `x` does not exist. Valid aliases: qwen3-8b, other.";
    const read = () =>
      readRequest("completion", { model: "x", prompt: "x" }, { ...SERVED, names: ["qwen3-8b", "other"] });
    expect(refusal(read)).toEqual({ status: 404, type: "NotFoundError", param: "model", message });
    expect(chat({ model: undefined }).promptTokens).toBe(3);
  });

  test("gets the room that its prompt leaves, without a word", () => {
    expect(chat({ max_tokens: 997 }).answerTokens).toBe(997);
    expect(chat({ max_tokens: 998 })).toMatchObject({ answerTokens: 997, finishReason: "length" });
    expect(chat({}, "x".repeat(3600))).toMatchObject({ answerTokens: 100, finishReason: "length" });
    expect(chat({ max_tokens: 1000 }, "x".repeat(3996)).answerTokens).toBe(1);
  });

  const bad = (param: string | null, message: string) => ({ status: 400, type: "BadRequestError", param, message });
  const long = (count: string, tokens: number) =>
    bad(
      "input_tokens",
      `This model's maximum context length is 1000 tokens. However, your prompt contains ${count}${tokens} input tokens, ` +
        "which exceeds this limit even without any output tokens. Please reduce the length of the input prompt. " +
        `(parameter=input_tokens, value=${tokens})`,
    );
  const many = (name: string) =>
    bad(
      name,
      `${name}=1001 cannot be greater than max_model_len=1000. Please request fewer output tokens. ` +
        `(parameter=${name}, value=1001)`,
    );
  const few = (value: number) =>
    bad("max_tokens", `max_tokens must be at least 1, got ${value}. (parameter=max_tokens, value=${value})`);
  const ids = (prompt: number) => Array.from({ length: prompt }, () => 7);

  test.each([
    ["a text longer than the context", () => chat({}, "x".repeat(8000)), long("at least ", 1001)],
    ["token ids longer than the context", () => completion({ prompt: ids(2000) }), long("", 2000)],
    ["one token id too many", () => completion({ prompt: ids(1001) }), long("at least ", 1001)],
    ["a prompt that fills the context", () => completion({ prompt: ids(1000) }), few(0)],
    ["an answer longer than the context", () => chat({ max_tokens: 1001 }, "x".repeat(8000)), many("max_tokens")],
    ["the same by its other name", () => chat({ max_completion_tokens: 1001 }), many("max_completion_tokens")],
    ["no tokens", () => chat({ max_completion_tokens: 0 }), few(0)],
    ["less than none", () => chat({ max_tokens: -1 }), few(-1)],
    ["no answers", () => chat({ n: 0, max_tokens: 0 }), bad(null, "n must be at least 1, got 0.")],
    ["two answers", () => chat({ n: 2 }), bad("n", "the simulated engine answers with n=1 only")],
    [
      "two prompts",
      () => completion({ prompt: ["a", "b"] }),
      bad("prompt", "the simulated engine answers one prompt at a time"),
    ],
    [
      "no prompt",
      () => completion({}),
      bad("prompt", "Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)"),
    ],
    ["an empty list of prompts", () => completion({ prompt: [] }), bad(null, "You must pass at least one prompt")],
    [
      "an empty list of messages",
      () => readRequest("chat", { messages: [] }, SERVED),
      bad(null, "Cannot apply chat template to an empty conversation. Provide at least one message."),
    ],
  ])("with %s is refused", (_, read, answer) => {
    expect(refusal(read)).toEqual(answer);
  });

  const integer = "Input should be a valid integer";
  const field = (type: string, at: string, message: string, input: string, more = "") => ({
    ...{ status: 400, type: "Bad Request", param: at },
    message: `1 validation error:\n  {'type': '${type}', 'loc': '${at}', 'msg': '${message}', 'input': ${input}${more}}`,
  });
  const json = (at: number, fault: string) =>
    field("json_invalid", `body.${at}`, "JSON decode error", "'<dict of 0 items>'", `, 'ctx': {'error': ${fault}}`);
  const noObject = (input: string) =>
    field(
      "model_attributes_type",
      "body",
      "Input should be a valid dictionary or object to extract fields from",
      input,
    );

  test.each([
    ["nothing", () => parseBody(""), field("missing", "body", "Field required", "'None'")],
    ["null", () => parseBody("null"), field("missing", "body", "Field required", "'None'")],
    ["a brace", () => parseBody("{"), json(1, "'Expecting property name enclosed in double quotes'")],
    ["no value", () => parseBody('{"a":'), json(5, "'Expecting value'")],
    ["no comma", () => parseBody("[1"), json(2, `"Expecting ',' delimiter"`)],
    ["no colon", () => parseBody('{"a" 1}'), json(5, `"Expecting ':' delimiter"`)],
    ["more than one value", () => parseBody('{"a":1}x'), json(7, "'Extra data'")],
    ["a list", () => parseBody("[1,2]"), noObject("'<list of 2 items>'")],
    ["a text", () => parseBody(`"it's"`), noObject(`"it's"`)],
    ["a long text", () => parseBody(`"${"x".repeat(201)}"`), noObject(`'${"x".repeat(200)}...[truncated]'`)],
    ["a boolean", () => parseBody("true"), noObject("'True'")],
    [
      "no messages",
      () => readRequest("chat", {}, SERVED),
      field("missing", "body.messages", "Field required", "'<dict of 0 items>'"),
    ],
    [
      "messages of another kind",
      () => readRequest("chat", { messages: "hi" }, SERVED),
      field("list_type", "body.messages", "Input should be a valid list", "'hi'"),
    ],
    [
      "half a token",
      () => chat({ max_tokens: 1.5 }),
      field("int_from_float", "body.max_tokens", `${integer}, got a number with a fractional part`, "'1.5'"),
    ],
    [
      "a word for a number",
      () => chat({ n: "x", model: "x" }),
      field("int_parsing", "body.n", `${integer}, unable to parse string as an integer`, "'x'"),
    ],
    [
      "a list for a number",
      () => chat({ max_completion_tokens: [] }),
      field("int_type", "body.max_completion_tokens", integer, "'<list of 0 items>'"),
    ],
  ])("that is or has %s is refused", (_, read, answer) => {
    expect(refusal(read)).toEqual(answer);
  });

  test.each([
    ["a message without a role", () => readRequest("chat", { messages: [{}] }, SERVED), "each needs a role"],
    ["content of another kind", () => chat({}, 7), "content: must be"],
    ["a prompt of another kind", () => completion({ prompt: 7 }), "prompt: must be"],
  ])("with %s is refused, in fewer words than vLLM's", (_, read, message) => {
    expect(refusal(read)).toMatchObject({
      status: 400,
      type: "Bad Request",
      message: expect.stringContaining(message),
    });
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
    expect(usageChunk(head, usage)).toEqual({
      ...{ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "qwen3-8b", choices: [] },
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
  });
});
