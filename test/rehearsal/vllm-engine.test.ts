import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMON_ENGINE_ENV, ENGINES } from "../../components/engines";
import { Counters, metricsText } from "../../rehearsal/live/engine/metrics";
import { vllmProgram } from "../../rehearsal/live/vllm-engine";
import { onFreePort, PortTaken } from "../../rehearsal/ports";
import { Running } from "../../rehearsal/processes";
import { findingHere } from "../../rehearsal/tools";
import { onPath } from "../../rehearsal/tools/version";
import { findVllm, TINY_CONTEXT, type Vllm } from "../../rehearsal/tools/vllm";

/*
 * The real vLLM, in its build for CPUs, started as an engine pod of the chart would be, and the simulated engine beside it:
 * what both say to the same requests. Installs about 3 GB from PyPI (1 to 5 min) and starts vLLM (20 to 100 s),
 * so it runs only when asked for:
 *   PILOTLIGHT_VLLM=1 npx vitest run --config vitest.rehearsal.config.mts test/rehearsal/vllm-engine.test.ts
 */

const START_MS = 300_000;
const NAME = "qwen3-8b";
const CONTEXT = TINY_CONTEXT;
/** Of the model in stacks/Pulumi.rehearsal.yaml, as components/model-server.ts makes it. */
const LAUNCH = {
  servedName: NAME,
  weights: { kind: "s3", uri: "s3://weights/Qwen/Qwen3-8B/b968826d9c46dd6066d109eabc6255188de91218" },
  contextLength: 16_384,
  gpus: 1,
  memoryMib: 30_000,
  hold: { shutdownTimeoutSeconds: 120 },
  extraArgs: [],
} as const;
const POD_ARGS = ENGINES.vllm.args(LAUNCH);

/** `GET /metrics` of vLLM 0.32.0 after four requests: by name, without samples' values and suffixes. */
const KNOWN: Record<string, { type: string; labels: string[]; buckets?: string[] }> = JSON.parse(
  readFileSync("test/data/vllm-metrics.json", "utf8"),
);

let folder: string;
const started: Running[] = [];

interface Engine {
  readonly running: Running;
  readonly url: string;
  /** How asking for /health failed before it was 200. */
  readonly before: ReadonlySet<string>;
  readonly startMs: number;
}

const run = (
  name: string,
  url: string,
  program: Pick<Running["args"], "command" | "args" | "env">,
): Promise<Engine> => {
  const running = Running.start({ name, log: join(folder, `${name}.log`), ...program });
  started.push(running);
  const before = new Set<string>();
  const began = Date.now();
  const healthy = () =>
    fetch(`${url}/health`).then(
      ({ status }) => status === 200 || !before.add(`status ${status}`),
      (error) => !before.add(error.cause?.code ?? String(error)),
    );
  return running.ready(healthy, START_MS).then(
    () => ({ running, url, before, startMs: Date.now() - began }),
    (error: unknown) => {
      throw /address already in use|EADDRINUSE/i.test(running.lastLines(60)) ? new PortTaken("taken meanwhile") : error;
    },
  );
};

const startReal = (name: string, vllm: Vllm) =>
  onFreePort((port) => {
    const below = (part: string) => join(folder, `${name}-${part}`);
    const [cache, bin, temporary] = [below("cache"), below("bin"), below("tmp")];
    for (const each of [cache, bin, temporary]) mkdirSync(each);
    // All that vLLM runs: there is no compiler.
    symlinkSync(onPath("lscpu")[0] ?? "", join(bin, "lscpu"));
    const podEnv = { ...COMMON_ENGINE_ENV, ...ENGINES.vllm.env(LAUNCH) };
    const env = Object.fromEntries(
      Object.entries(podEnv).map(([key, value]) => [key, value.replace(/^\/cache/, cache)]),
    );
    const args = { podArgs: POD_ARGS, env: { PATH: bin, ...env }, host: "127.0.0.1", port, temporary, ...vllm };
    return run(name, `http://127.0.0.1:${port}`, vllmProgram(args));
  });

const startSimulated = () =>
  onFreePort((port) => {
    const surroundings = {
      ...{ host: "127.0.0.1", port, loadMs: 0, requestLog: join(folder, "requests.jsonl") },
      ...{ model: "Qwen/Qwen3-0.6B", gpu: "h200" },
    };
    return run("simulated", `http://127.0.0.1:${port}`, {
      command: process.execPath,
      args: [...["--import", "tsx", "rehearsal/live/engine/main.ts", ...POD_ARGS], `--max-model-len=${CONTEXT}`],
      env: { ...process.env, PILOTLIGHT_ENGINE: JSON.stringify(surroundings) },
    });
  });

const CHAT = "/v1/chat/completions";
const TEXT = "/v1/completions";

const post = (engine: Engine, path: string, body: unknown) =>
  fetch(engine.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

async function answerTo(engine: Engine, path: string, body: unknown) {
  const response = await post(engine, path, body);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const say = (content: string, more: object = {}) => ({ model: NAME, messages: [{ role: "user", content }], ...more });

interface Chunk {
  readonly choices: readonly {
    readonly delta: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object;
}

/** A chat's stream, from its first token on; `rest` reads it to its end. */
async function stream(engine: Engine, body: object) {
  const response = await post(engine, CHAT, { ...body, stream: true });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader?.read())?.value ?? "";
  const rest = async (): Promise<{ chunks: Chunk[]; done: boolean }> => {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    const data = text.split("\n\n").filter((event) => event !== "");
    expect(data.every((event) => event.startsWith("data: "))).toBe(true);
    const done = data.at(-1) === "data: [DONE]";
    return { done, chunks: data.slice(0, done ? -1 : undefined).map((each) => JSON.parse(each.slice(6))) };
  };
  return { response, rest };
}

const reasons = ({ chunks }: { chunks: Chunk[] }) =>
  chunks.map(({ choices: [choice] }) => choice?.finish_reason).filter((reason) => typeof reason === "string");

/** Types by name, and label names by series, of a page in Prometheus's text format. */
function read(page: string) {
  const types = new Map([...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]));
  const labels = new Map<string, string[]>();
  for (const [, name = "", text = ""] of page.matchAll(/^([\w:]+)(?:\{(.*)\})? \S+$/gm))
    labels.set(name, [...text.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = ""]) => label).sort());
  return { types, labels };
}

type Answer = Awaited<ReturnType<typeof answerTo>>;

const error = (status: number, type: string, param: string | null, message: string): Answer => ({
  status,
  body: { error: { message, type, param, code: status } },
});
const tooLong = (count: string, tokens: number) =>
  error(
    400,
    "BadRequestError",
    "input_tokens",
    `This model's maximum context length is ${CONTEXT} tokens. However, your prompt contains ${count}${tokens} input ` +
      "tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt. " +
      `(parameter=input_tokens, value=${tokens})`,
  );
const tooMany = (name: string) =>
  error(
    400,
    "BadRequestError",
    name,
    `${name}=${CONTEXT + 1} cannot be greater than max_model_len=${CONTEXT}. Please request fewer output tokens. ` +
      `(parameter=${name}, value=${CONTEXT + 1})`,
  );
const tooFew = (value: number) =>
  error(
    400,
    "BadRequestError",
    "max_tokens",
    `max_tokens must be at least 1, got ${value}. (parameter=max_tokens, value=${value})`,
  );
const unknown = error(404, "NotFoundError", "model", `The model \`x\` does not exist. Valid aliases: ${NAME}.`);
const invalid = (type: string, at: string, message: string, input: string, more = "") =>
  error(
    400,
    "Bad Request",
    at,
    `1 validation error:\n  {'type': '${type}', 'loc': '${at}', 'msg': '${message}', 'input': '${input}'${more}}`,
  );
const wrongType = error(
  400,
  "Bad Request",
  null,
  "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed",
);
const ids = (count: number) => Array.from({ length: count }, () => 300);

/** What vLLM answers to what it refuses, to the letter. */
const REFUSALS: readonly { what: string; path: string; body: unknown; answer: Answer }[] = [
  { what: "an unknown model in a chat", path: CHAT, body: say("hi", { model: "x" }), answer: unknown },
  { what: "an unknown model in a stream", path: CHAT, body: say("hi", { model: "x", stream: true }), answer: unknown },
  { what: "an unknown model in a completion", path: TEXT, body: { model: "x", prompt: "hi" }, answer: unknown },
  // A text is cut behind the first token that is too many, so vLLM does not know how many there are.
  { what: "a chat too long", path: CHAT, body: say("the ".repeat(3000)), answer: tooLong("at least ", CONTEXT + 1) },
  {
    what: "a text too long",
    path: TEXT,
    body: { prompt: "the ".repeat(3000) },
    answer: tooLong("at least ", CONTEXT + 1),
  },
  { what: "token ids too long", path: TEXT, body: { prompt: ids(3000), max_tokens: 1 }, answer: tooLong("", 3000) },
  { what: "no room for an answer", path: TEXT, body: { prompt: ids(CONTEXT), max_tokens: 1 }, answer: tooFew(0) },
  {
    what: "max_tokens above the context",
    path: CHAT,
    body: say("hi", { max_tokens: CONTEXT + 1 }),
    answer: tooMany("max_tokens"),
  },
  {
    what: "max_completion_tokens above the context",
    path: CHAT,
    body: say("hi", { max_completion_tokens: CONTEXT + 1 }),
    answer: tooMany("max_completion_tokens"),
  },
  { what: "max_tokens 0", path: CHAT, body: say("hi", { max_tokens: 0 }), answer: tooFew(0) },
  {
    what: "max_tokens a text",
    path: CHAT,
    body: say("hi", { max_tokens: "x" }),
    answer: invalid(
      "int_parsing",
      "body.max_tokens",
      "Input should be a valid integer, unable to parse string as an integer",
      "x",
    ),
  },
  {
    what: "max_tokens a fraction",
    path: CHAT,
    body: say("hi", { max_tokens: 1.5 }),
    answer: invalid(
      "int_from_float",
      "body.max_tokens",
      "Input should be a valid integer, got a number with a fractional part",
      "1.5",
    ),
  },
  {
    what: "n 0",
    path: TEXT,
    body: { prompt: "hi", n: 0 },
    answer: error(400, "BadRequestError", null, "n must be at least 1, got 0."),
  },
  {
    what: "broken JSON",
    path: CHAT,
    body: "{",
    answer: invalid(
      "json_invalid",
      "body.1",
      "JSON decode error",
      "<dict of 0 items>",
      ", 'ctx': {'error': 'Expecting property name enclosed in double quotes'}",
    ),
  },
  {
    what: "a list",
    path: CHAT,
    body: [],
    answer: invalid(
      "model_attributes_type",
      "body",
      "Input should be a valid dictionary or object to extract fields from",
      "<list of 0 items>",
    ),
  },
  {
    what: "no messages",
    path: CHAT,
    body: { model: NAME },
    answer: invalid("missing", "body.messages", "Field required", "<dict of 1 items>"),
  },
  {
    what: "messages that are a text",
    path: CHAT,
    body: { messages: "hi" },
    answer: invalid("list_type", "body.messages", "Input should be a valid list", "hi"),
  },
  {
    what: "an empty list of messages",
    path: CHAT,
    body: { messages: [] },
    answer: error(
      400,
      "BadRequestError",
      null,
      "Cannot apply chat template to an empty conversation. Provide at least one message.",
    ),
  },
  {
    what: "no prompt",
    path: TEXT,
    body: { model: NAME },
    answer: error(
      400,
      "BadRequestError",
      "prompt",
      "Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)",
    ),
  },
  {
    what: "an empty list of prompts",
    path: TEXT,
    body: { prompt: [] },
    answer: error(400, "BadRequestError", null, "You must pass at least one prompt"),
  },
];

/** Where an answer has something: the paths of its fields, or of those of all its events. */
async function fieldsOf(engine: Engine, path: string, body: object): Promise<Set<string>> {
  const text = await (await post(engine, path, body)).text();
  const events = text.split("\n\n").filter((event) => event.startsWith("data: {"));
  const bodies: unknown[] = (events.length > 0 ? events.map((event) => event.slice(6)) : [text]).map((each) =>
    JSON.parse(each),
  );
  const fields = new Set<string>();
  const look = (value: unknown, at: string) => {
    if (Array.isArray(value)) for (const each of value) look(each, at);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        const field = at === "" ? key : `${at}.${key}`;
        fields.add(field);
        look(inner, field);
      }
  };
  for (const each of bodies) look(each, "");
  return fields;
}

describe.skipIf(process.env.PILOTLIGHT_VLLM !== "1")("the real vLLM in an engine pod's place", () => {
  let vllm: Vllm;
  let real: Engine;
  let simulated: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "pilotlight-vllm-"));
    const never = new AbortController().signal;
    vllm = await findVllm(findingHere(console.log, never));
    simulated = await startSimulated();
    real = await startReal("vllm", vllm);
    console.log(`vLLM answered after ${(real.startMs / 1000).toFixed(0)} s`);
  });

  afterAll(() => {
    for (const running of started) running.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is not there to ask until it can answer", () => {
    expect([...real.before]).toEqual(["ECONNREFUSED"]);
    expect(existsSync(join(folder, "vllm-cache", "compile"))).toBe(true);
  });

  test("serves the pod's name for the model, with its context as far as the tiny model has it", async () => {
    const models = (await (await fetch(`${real.url}/v1/models`)).json()) as { data: object[] };
    expect(models.data).toMatchObject([{ id: NAME, max_model_len: CONTEXT, owned_by: "vllm" }]);
    expect(await (await fetch(`${real.url}/version`)).json()).toEqual({ version: ENGINES.vllm.image.tag.slice(1) });
  });

  test("answers a chat at once and as a stream, and counts its tokens", async () => {
    const ask = say("Tell me about the sun", { max_tokens: 20 });
    const { status, body } = await answerTo(real, CHAT, ask);
    expect(status).toBe(200);
    const { usage, choices } = body as { usage: { prompt_tokens: number }; choices: object[] };
    expect(choices).toMatchObject([{ message: { role: "assistant" }, finish_reason: "length" }]);
    expect(usage.prompt_tokens).toBeGreaterThan(5);
    expect(usage).toMatchObject({ completion_tokens: 20, total_tokens: usage.prompt_tokens + 20 });
    const { response, rest } = await stream(real, { ...ask, stream_options: { include_usage: true } });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = await rest();
    expect(events.done).toBe(true);
    expect(events.chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(reasons(events)).toEqual(["length"]);
    const counts = {
      prompt_tokens: usage.prompt_tokens,
      completion_tokens: 20,
      total_tokens: usage.prompt_tokens + 20,
    };
    expect(events.chunks.at(-1)).toMatchObject({ choices: [], usage: counts });
  });

  test("has every series that the kit reads and that the simulated engine has, with the same labels", async () => {
    const { types, labels } = read(await (await fetch(`${real.url}/metrics`)).text());
    for (const name of Object.values(ENGINES.vllm.metrics)) expect(types.has(name), name).toBe(true);
    const gauges = { running: 0, waiting: 0, cacheUsage: 0 };
    const simulated = read(metricsText(NAME, new Counters(), gauges, { cacheBlocks: 1 }));
    for (const [name, type] of simulated.types) expect(types.get(name), name).toBe(type);
    for (const [series, names] of simulated.labels)
      if (series === "vllm:cache_config_info") expect(labels.get(series)).toEqual(expect.arrayContaining(names));
      else expect(labels.get(series), series).toEqual(names);
    const missing = Object.entries(KNOWN).filter(([name, { type }]) => types.get(name) !== type);
    // The committed page is one of a server with adapters.
    expect(missing.map(([name]) => name)).toEqual(["vllm:lora_requests_info"]);
    const more = [...types.keys()].filter((name) => name.startsWith("vllm:") && !Object.hasOwn(KNOWN, name));
    expect(more).toEqual([]);
  });

  test.each(REFUSALS)("refuses $what, in these words, as the simulated engine does", async ({ path, body, answer }) => {
    expect(await answerTo(real, path, body)).toEqual(answer);
    expect(await answerTo(simulated, path, body)).toEqual(answer);
  });

  test("so are bodies of another type, and the type of the metrics is the same", async () => {
    for (const { url } of [real, simulated]) {
      const response = await fetch(url + CHAT, { method: "POST", body: JSON.stringify(say("hi", { max_tokens: 1 })) });
      expect({ status: response.status, body: await response.json() }).toEqual(wrongType);
      const { headers } = await fetch(`${url}/metrics`);
      expect(headers.get("content-type")).toBe("text/plain; version=1.0.0; charset=utf-8");
    }
  });

  test("both cut an answer to the room that its prompt leaves, without a word, and a text's to 16 tokens", async () => {
    for (const engine of [real, simulated]) {
      for (const [prompt, more, tokens] of [
        [CONTEXT - 8, { max_tokens: 20 }, 8],
        [CONTEXT - 8, {}, 8],
        [8, {}, 16],
      ] as const) {
        const { status, body } = await answerTo(engine, TEXT, { prompt: ids(prompt), ...more });
        expect(status).toBe(200);
        expect(body).toMatchObject({
          choices: [{ finish_reason: "length" }],
          usage: { prompt_tokens: prompt, completion_tokens: tokens, total_tokens: prompt + tokens },
        });
      }
    }
  });

  test("what the simulated engine's answers have, vLLM's have", async () => {
    const chat = say("Tell me about the sun", { max_tokens: 3 });
    const text = { prompt: "Tell me about the sun", max_tokens: 3 };
    const streamed = { stream: true, stream_options: { include_usage: true } };
    const others: string[] = [];
    for (const [what, path, body] of [
      ["plain chat", CHAT, chat],
      ["plain text", TEXT, text],
      ["streamed chat", CHAT, { ...chat, ...streamed }],
      ["streamed text", TEXT, { ...text, ...streamed }],
    ] as const) {
      const [known, said] = [await fieldsOf(real, path, body), await fieldsOf(simulated, path, body)];
      console.log(`${what}, only vLLM has: ${[...known].filter((field) => !said.has(field)).join(" ")}`);
      others.push(...[...said].filter((field) => !known.has(field)).map((field) => `${what}: ${field}`));
    }
    expect(others).toEqual([]);
  });

  test("SIGTERM lets a stream finish and refuses what is new, while /health stays as it was", async () => {
    const tokens = 1900;
    const ask = say("Go on", { max_tokens: tokens, stream_options: { include_usage: true } });
    const { rest } = await stream(real, ask);
    process.kill(real.running.pid, "SIGTERM");
    const asked = Date.now();
    const reading = rest().then((events) => ({ events, ms: Date.now() - asked }));
    let refused: unknown;
    while (refused === undefined) {
      const { status, body } = await answerTo(real, TEXT, { prompt: "new", max_tokens: 1 });
      if (status !== 200) refused = { status, body };
    }
    expect((await fetch(`${real.url}/health`)).status).toBe(200);
    const { events, ms } = await reading;
    expect(events.done).toBe(true);
    expect(reasons(events)).toEqual(["length"]);
    // Not a chunk for each: vLLM sends together what has come together.
    expect(events.chunks.at(-1)).toMatchObject({ usage: { completion_tokens: tokens } });
    expect(refused).toEqual(error(500, "InternalServerError", null, "cannot schedule new futures after shutdown"));
    const how = await real.running.ended;
    console.log(`the stream ended ${ms} ms after SIGTERM, vLLM ${Date.now() - asked} ms after it, with ${how}`);
    expect(how).toBe("code 0");
  });
});
