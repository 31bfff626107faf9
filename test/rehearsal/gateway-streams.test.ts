import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onFreePort } from "../../rehearsal/ports";
import { findingHere, findTools } from "../../rehearsal/tools";
import { gatewayBase } from "../charts/gateway-values";
import { helmTemplate, merge, pick } from "../charts/helm";
import { BARE } from "./programs";

/*
 * A request whose connection breaks before its answer has begun is asked again by the real LiteLLM as the chart sets it up, and
 * the answer that then comes slowly is whole. Without held_streams.py a stream of it is cut.
 */

const KEY = "sk-only-for-this-test";
const MODEL = "qwen";
const folder = mkdtempSync(join(tmpdir(), "pilotlight-streams-"));
/** How often each prompt was asked. */
const asked = new Map<string, number>();

const chunk = (delta: Record<string, string>, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 1, model: MODEL, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

/** Headers at once, the rest later, as of a model that thinks. */
async function answer(response: ServerResponse, stream: boolean): Promise<void> {
  if (!stream) {
    const message = { role: "assistant", content: "Hello" };
    const body = { id: "1", object: "chat.completion", created: 1, model: MODEL, choices: [{ index: 0, message }] };
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    await sleep(500);
    response.end(JSON.stringify(body));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  await sleep(500);
  response.write(chunk({ role: "assistant", content: "Hello" }));
  response.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
}

const router = createServer(async (request, response) => {
  let text = "";
  for await (const part of request) text += part;
  // LiteLLM also looks around by itself.
  if (request.method !== "POST") return void response.writeHead(404).end();
  const { messages, stream } = JSON.parse(text) as { messages: { content: string }[]; stream?: boolean };
  const prompt = messages[0]?.content ?? "";
  const times = (asked.get(prompt) ?? 0) + 1;
  asked.set(prompt, times);
  if (times === 1) request.socket.resetAndDestroy();
  else await answer(response, stream === true);
});

let gateway: { url: string; stop: () => Promise<unknown> };
beforeAll(async () => {
  await once(router.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(router.address() as AddressInfo).port}/v1`;
  const values = merge(gatewayBase, { models: [{ name: MODEL, url, timeoutSeconds: 60 }] });
  const { data } = pick<{ data: Record<string, string> }>(
    helmTemplate("gateway", "gateway", values),
    "ConfigMap",
    "gateway",
  );
  for (const [name, content] of Object.entries(data)) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, "keys.json"), "{}");
  const found = findTools(
    ["gatewayPython"],
    findingHere(() => {}, new AbortController().signal),
  );
  const program = join(dirname((await found).gatewayPython), "litellm");
  gateway = await onFreePort(async (port) => {
    const env = {
      ...BARE,
      LITELLM_MASTER_KEY: KEY,
      GATEWAY_KEYS: join(folder, "keys.json"),
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
    };
    const args = ["--config", join(folder, "config.yaml"), "--host", "127.0.0.1", "--port", `${port}`];
    const child = spawn(program, args, { env, cwd: folder, stdio: "ignore" });
    const ended = once(child, "exit");
    const stop = async () => {
      child.kill("SIGKILL");
      await ended;
    };
    const own = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 240; tries += 1) {
      const live = await fetch(`${own}/health/liveliness`).catch(() => undefined);
      if (live?.ok) return { url: own, stop };
      await sleep(500);
    }
    await stop();
    throw new Error("LiteLLM does not answer");
  });
});
afterAll(async () => {
  await gateway?.stop();
  router.closeAllConnections();
  router.close();
  rmSync(folder, { recursive: true });
});

const ask = async (prompt: string, stream: boolean) => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, stream, messages: [{ role: "user", content: prompt }] }),
  });
  return { status: response.status, text: await response.text() };
};

test("a stream", async () => {
  const { status, text } = await ask("stream", true);
  expect({ status, text }).toEqual({ status: 200, text: expect.stringMatching(/"Hello"[\s\S]*\[DONE\]/) });
  expect(text).not.toContain("error");
  expect(asked.get("stream")).toBe(2);
});

test("a plain call", async () => {
  const { status, text } = await ask("plain", false);
  expect(status, text).toBe(200);
  expect(JSON.parse(text).choices[0].message.content).toBe("Hello");
  expect(asked.get("plain")).toBe(2);
});
