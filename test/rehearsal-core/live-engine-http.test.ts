import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerText } from "../../rehearsal/live/engine/answers";
import type { EndedLine, LogLine } from "../../rehearsal/live/engine/request-log";
import { onFreePort, PortTaken } from "../../rehearsal/ports";
import { Running } from "../../rehearsal/processes";

const folder = mkdtempSync(join(tmpdir(), "pilotlight-engine-"));
const started: Running[] = [];
let count = 0;

afterAll(() => {
  for (const engine of started) engine.kill();
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  readonly running: Running;
  readonly url: string;
  readonly port: number;
  readonly lines: () => LogLine[];
}

/** The smallest model of the table on the fastest GPU that has it: about 2 ms a token. */
const SETUP = { host: "127.0.0.1", model: "Qwen/Qwen3-0.6B", gpu: "h200" };

/** Starts an engine; it may not listen yet. */
function launch(port: number, flags: readonly string[], loadMs = 0): Started {
  const name = `engine-${count++}`;
  const requestLog = join(folder, `${name}.jsonl`);
  const running = Running.start({
    name,
    command: process.execPath,
    args: [
      ...["--import", "tsx", "rehearsal/live/engine/main.ts", "s3://bucket/Qwen/Qwen3-0.6B/0123abc"],
      ...["--load-format=runai_streamer", "--served-model-name=tiny", "--max-model-len=16384", ...flags],
    ],
    env: { ...process.env, PILOTLIGHT_ENGINE: JSON.stringify({ ...SETUP, port, loadMs, requestLog }) },
    log: join(folder, `${name}.log`),
    graceMs: 0,
  });
  started.push(running);
  const lines = () =>
    readFileSync(requestLog, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as LogLine);
  return { running, url: `http://127.0.0.1:${port}`, port, lines };
}

const healthy = async (url: string) => (await fetch(`${url}/health`).catch(() => undefined))?.status === 200;

/** Starts an engine that is ready. */
const start = (...flags: string[]) =>
  onFreePort(async (port) => {
    const engine = launch(port, flags);
    await engine.running
      .ready(() => healthy(engine.url), 30_000)
      .catch((error: unknown) => {
        throw /EADDRINUSE/.test(engine.running.lastLines()) ? new PortTaken(`port ${port} was taken meanwhile`) : error;
      });
    return engine;
  });

const JSON_TYPE = { "content-type": "application/json" };

const post = (url: string, body: unknown, { headers, ...options }: RequestInit = {}) =>
  fetch(url, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { ...JSON_TYPE, ...(headers as Record<string, string>) },
    ...options,
  });

const say = (content: string, more: object = {}) => ({
  model: "tiny",
  messages: [{ role: "user", content }],
  ...more,
});

/** A stream of a chat that has its first token, and what comes of it. */
async function stream(engine: Started, content: string, tokens: number, options: RequestInit = {}) {
  const response = await post(
    `${engine.url}/v1/chat/completions`,
    say(content, { stream: true, max_tokens: tokens }),
    options,
  );
  const reader = response.body?.getReader();
  let text = new TextDecoder().decode((await reader?.read())?.value);
  const rest = async () => {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      text += new TextDecoder().decode(part.value);
    return eventsOf(text);
  };
  return { response, rest };
}

interface Chunk {
  readonly choices: readonly {
    readonly delta?: { readonly role?: string; readonly content?: string };
    readonly text?: string;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object;
}

function eventsOf(text: string): { chunks: Chunk[]; done: boolean } {
  const events = text.split("\n\n").filter((event) => event !== "");
  expect(events.every((event) => event.startsWith("data: "))).toBe(true);
  const data = events.map((event) => event.slice("data: ".length));
  const done = data.at(-1) === "[DONE]";
  return { chunks: (done ? data.slice(0, -1) : data).map((each) => JSON.parse(each)), done };
}

const said = ({ chunks }: { chunks: Chunk[] }) =>
  chunks.map(({ choices: [choice] }) => choice?.delta?.content ?? choice?.text ?? "").join("");
const reasons = ({ chunks }: { chunks: Chunk[] }) =>
  chunks.map(({ choices: [choice] }) => choice?.finish_reason).filter((reason) => typeof reason === "string");

async function metric(engine: Started, name: string): Promise<number> {
  const page = await (await fetch(`${engine.url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(page)?.[1]);
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await condition()) return;
    await sleep(10);
  }
  throw new Error("it did not come about in 5 s");
}

const ended = (engine: Started): EndedLine[] => engine.lines().filter((line): line is EndedLine => "how" in line);

test("listens to nobody until it has loaded, and a kill loses no line of what began", async () => {
  const began = performance.now();
  const faults = new Set<unknown>();
  const engine = await onFreePort(async (port) => {
    const engine = launch(port, [], 1200);
    await engine.running.ready(
      () =>
        fetch(`${engine.url}/health`).then(
          ({ status }) => status === 200,
          (error) => !faults.add(error.cause.code),
        ),
      30_000,
    );
    return engine;
  });
  expect(performance.now() - began).toBeGreaterThan(1190);
  expect([...faults]).toEqual(["ECONNREFUSED"]);
  const { rest } = await stream(engine, "to be killed", 15_000, { headers: { "x-request-id": "r-1" } });
  engine.running.kill();
  await expect(rest()).rejects.toThrow();
  expect(engine.lines()).toEqual([{ at: expect.any(Number), requestId: "r-1", prompt: "to be killed", started: true }]);
});

describe("one at a time", () => {
  let engine: Started;
  beforeAll(async () => {
    engine = await start("--max-num-seqs=1", "--shutdown-timeout=20");
  });

  test("has vLLM's routes", async () => {
    const get = async (path: string, options?: RequestInit) => {
      const response = await fetch(engine.url + path, options);
      const text = await response.text();
      return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
    };
    expect(await get("/health")).toEqual({ status: 200, body: "" });
    expect(await get("/ping")).toEqual({ status: 200, body: "" });
    expect(await get("/ping", { method: "POST" })).toEqual({ status: 200, body: "" });
    expect(await get("/version")).toEqual({ status: 200, body: { version: "0.32.0" } });
    expect((await get("/v1/models")).body.data).toMatchObject([
      { id: "tiny", root: "s3://bucket/Qwen/Qwen3-0.6B/0123abc", max_model_len: 16_384, owned_by: "vllm" },
    ]);
    expect((await fetch(`${engine.url}/metrics`)).headers.get("content-type")).toBe(
      "text/plain; version=1.0.0; charset=utf-8",
    );
    expect(await get("/v1/nothing")).toEqual({ status: 404, body: { detail: "Not Found" } });
    expect(await get("/toString")).toEqual({ status: 404, body: { detail: "Not Found" } });
    expect(await get("/v1/completions")).toEqual({ status: 405, body: { detail: "Method Not Allowed" } });
    expect(
      (await get("/tokenize", { method: "POST", headers: JSON_TYPE, body: '{"prompt": "12345678"}' })).body,
    ).toMatchObject({
      count: 2,
      max_model_len: 16_384,
    });
    const invoked = await post(`${engine.url}/invocations`, say("hi", { max_tokens: 2 }));
    expect({ status: invoked.status, body: await invoked.json() }).toMatchObject({
      status: 200,
      body: { choices: [{ message: { content: "the sun" } }] },
    });
  });

  test("refuses what vLLM refuses", async () => {
    const refused = async (body: unknown, options: RequestInit = {}) => {
      const response = await post(`${engine.url}/v1/chat/completions`, body, options);
      return { status: response.status, ...((await response.json()) as { error: object }) };
    };
    expect(await refused("{")).toMatchObject({ status: 400, error: { code: 400, param: "body.1" } });
    expect(await refused(say("hi", { model: "x" }))).toMatchObject({ status: 404, error: { type: "NotFoundError" } });
    expect(await refused(say("word ".repeat(20_000)))).toMatchObject({ status: 400, error: { param: "input_tokens" } });
    const asText = { headers: { "content-type": "text/plain;charset=UTF-8" } };
    expect(await refused(say("hi"), asText)).toEqual({
      status: 400,
      error: {
        message: "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed",
        ...{ type: "Bad Request", param: null, code: 400 },
      },
    });
    const withCharset = { headers: { "content-type": "Application/JSON; charset=utf-8" } };
    expect((await post(`${engine.url}/tokenize`, { prompt: "hi" }, withCharset)).status).toBe(200);
    expect(await refused(" ".repeat(64 * 2 ** 20 + 1))).toMatchObject({ status: 413 });
  });

  test("a plain answer is what the stream says, token by token", async () => {
    const ask = say("Tell me about the sun", { max_tokens: 20 });
    const plain = await (await post(`${engine.url}/v1/chat/completions`, ask)).json();
    expect(plain).toMatchObject({
      choices: [{ message: { role: "assistant", content: answerText(20) }, finish_reason: "length" }],
      usage: { prompt_tokens: 6, completion_tokens: 20, total_tokens: 26 },
    });
    const streamed = await post(`${engine.url}/v1/chat/completions`, {
      ...ask,
      ...{ stream: true, stream_options: { include_usage: true } },
    });
    expect(streamed.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = eventsOf(await streamed.text());
    expect(events.done).toBe(true);
    expect(said(events)).toBe(answerText(20));
    expect(reasons(events)).toEqual(["length"]);
    // A role, 20 tokens, the usage.
    expect(events.chunks).toHaveLength(22);
    expect(events.chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(events.chunks[20]?.choices[0]?.finish_reason).toBe("length");
    expect(events.chunks[21]).toMatchObject({ choices: [], usage: { prompt_tokens: 6, completion_tokens: 20 } });
  });

  test("a completion streams texts, without a limit 16 tokens", async () => {
    const ask = { model: "tiny", prompt: "Once upon", stream: true };
    const events = eventsOf(await (await post(`${engine.url}/v1/completions`, ask)).text());
    expect(events.chunks).toHaveLength(16);
    expect(said(events)).toBe(answerText(16));
    expect(reasons(events)).toEqual(["length"]);
    expect(events.done).toBe(true);
  });

  test("a body may come in pieces", async () => {
    const text = JSON.stringify(say("in pieces", { max_tokens: 2, padding: "x".repeat(3 * 2 ** 20) }));
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { method: "POST", headers: JSON_TYPE };
      const request = httpRequest(`${engine.url}/v1/chat/completions`, options, (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode));
      });
      request.once("error", reject);
      for (let from = 0; from < text.length; from += 100_000) request.write(text.slice(from, from + 100_000));
      request.end();
    });
    expect(status).toBe(200);
  });

  test("a client that goes away makes room for the next", async () => {
    const going = new AbortController();
    const first = await stream(engine, "first", 15_000, { signal: going.signal });
    const second = post(`${engine.url}/v1/chat/completions`, say("second", { max_tokens: 3 }));
    await until(async () => (await metric(engine, "vllm:num_requests_waiting")) === 1);
    expect(await metric(engine, "vllm:num_requests_running")).toBe(1);
    going.abort();
    await expect(first.rest()).rejects.toThrow();
    expect((await second).status).toBe(200);
    const [aborted, finished] = ended(engine).slice(-2);
    expect(aborted).toMatchObject({ prompt: "first", stream: true, how: "aborted" });
    expect(aborted?.tokens).toBeGreaterThan(0);
    expect(aborted?.tokens).toBeLessThan(15_000);
    expect(finished).toMatchObject({ prompt: "second", stream: false, tokens: 3, how: "finished" });
  });

  test("the log has a line where a generation begins and one where it ends", async () => {
    const before = engine.lines().length;
    const options = { headers: { "x-request-id": "r-7" } };
    await (await post(`${engine.url}/v1/chat/completions`, say("y".repeat(200), { max_tokens: 4 }), options)).text();
    const subject = { at: expect.any(Number), requestId: "r-7", prompt: "y".repeat(120) };
    expect(engine.lines().slice(before)).toEqual([
      { ...subject, started: true },
      { ...subject, stream: false, promptTokens: 50, tokens: 4, how: "finished" },
    ]);
  });

  test("SIGTERM lets what runs and what waits finish, and refuses what is new", async () => {
    const running = await stream(engine, "runs", 1500);
    const waiting = post(`${engine.url}/v1/chat/completions`, say("waits", { max_tokens: 5 }));
    await until(async () => (await metric(engine, "vllm:num_requests_waiting")) === 1);
    process.kill(engine.running.pid, "SIGTERM");
    const refusal = async () => {
      for (;;) {
        const soon = { signal: AbortSignal.timeout(300) };
        const response = await post(`${engine.url}/v1/completions`, { prompt: "new", max_tokens: 1 }, soon).catch(
          () => {},
        );
        if (response?.status === 500) return response.json();
      }
    };
    expect(await refusal()).toMatchObject({
      error: { message: "cannot schedule new futures after shutdown", type: "InternalServerError", code: 500 },
    });
    expect(await healthy(engine.url)).toBe(true);
    const events = await running.rest();
    expect(said(events)).toBe(answerText(1500));
    expect(events.done).toBe(true);
    expect(await (await waiting).json()).toMatchObject({ usage: { completion_tokens: 5 } });
    expect(await engine.running.ended).toBe("code 0");
    expect(ended(engine).filter(({ prompt }) => ["runs", "waits"].includes(prompt))).toMatchObject([
      { prompt: "runs", tokens: 1500, how: "finished" },
      { prompt: "waits", tokens: 5, how: "finished" },
    ]);
  });
});

test("SIGTERM without time to drain cuts what runs, at once", async () => {
  const engine = await start();
  const { rest } = await stream(engine, "streamed", 15_000);
  const plain = post(`${engine.url}/v1/chat/completions`, say("plain", { max_tokens: 15_000 }));
  await until(() => engine.lines().length === 2);
  process.kill(engine.running.pid, "SIGTERM");
  const events = await rest();
  expect(reasons(events)).toEqual(["abort"]);
  expect(events.done).toBe(true);
  const response = await plain;
  const body = await response.json();
  expect({ status: response.status, body }).toMatchObject({
    status: 200,
    body: { choices: [{ finish_reason: "abort" }] },
  });
  expect(await engine.running.ended).toBe("code 0");
  const lines = ended(engine);
  expect(lines.map(({ prompt, how }) => `${prompt} ${how}`)).toEqual(["streamed cut", "plain cut"]);
  expect(said(events)).toBe(answerText(lines[0]?.tokens ?? 0));
  expect(body).toMatchObject({ usage: { completion_tokens: lines[1]?.tokens } });
});

test("what runs when the time to drain is up hangs, and the engine with it, until its client goes", async () => {
  const engine = await start("--shutdown-timeout=1");
  const going = new AbortController();
  const { rest } = await stream(engine, "streamed", 15_000, { signal: going.signal });
  const reading = rest().catch((error: Error) => error.name);
  process.kill(engine.running.pid, "SIGTERM");
  await until(() => ended(engine).length === 1);
  await until(async () => !(await healthy(engine.url)));
  await sleep(200);
  expect(engine.running.hasEnded).toBe(false);
  going.abort();
  expect(await reading).toBe("AbortError");
  expect(await engine.running.ended).toBe("code 0");
  expect(ended(engine)).toMatchObject([{ prompt: "streamed", how: "cut" }]);
});

test("says what is wrong with its call", async () => {
  const engine = launch(1, ["--shutdown-timeout=soon"]);
  expect(await engine.running.ended).toBe("code 2");
  expect(engine.running.lastLines()).toContain(
    '--shutdown-timeout must be a number up to 9007199254740991, not "soon"',
  );
});
