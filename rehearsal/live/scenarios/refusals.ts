import type { Session } from "../session";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";
/** vLLM's own paths that answer without a key, among them one that does inference: the gateway knows none of them. */
const OPEN_PATHS = ["/invocations", "/start_profile", "/v1/load_lora_adapter", "/sleep", "/tokenize"];

/** What is refused, how, and that none of it wakes a GPU. */
export async function refusals(session: Session): Promise<void> {
  await session.asleep();
  const from = session.now();
  for (const [what, key] of Object.entries({ "wrong key": "sk-nobody-has-this", "no key": "" })) {
    const { status, type } = await raw(session, "POST", "/v1/chat/completions", key);
    session.finds(status === 401 && type === "authentication_error", `${what}: ${status}, ${type}`);
  }
  const unknown = await session.ask({ model: "qwen3-9b" });
  session.finds(
    unknown.status === 400 && unknown.errorType === "invalid_request_error",
    `unknown model: ${unknown.status}, ${unknown.errorType}: ${unknown.error?.slice(0, 100)}`,
  );
  const forbidden = await raw(session, "GET", "/key/list", session.key);
  session.finds(
    forbidden.status === 403 && forbidden.type === "permission_error",
    `GET /key/list with an ordinary key: ${forbidden.status}, ${forbidden.type}`,
  );
  for (const path of OPEN_PATHS) {
    const { status } = await raw(session, "POST", path, session.key);
    session.finds(status === 404, `POST ${path} at the gateway: ${status}`);
  }
  const metrics = await raw(session, "GET", "/metrics", session.key);
  session.finds(
    metrics.status !== 200 && !metrics.text.includes("vllm:"),
    `GET /metrics at the gateway: ${metrics.status}`,
  );
  const models = await raw(session, "GET", "/v1/models", session.key);
  session.finds(models.status === 200 && models.text.includes(MODEL), `GET /v1/models while asleep: ${models.status}`);
  await session.wait(8000);
  const woken = session.observer.markAfter("scaled", MODEL, from) !== undefined;
  session.finds(!woken, woken ? "a refused request woke a model" : "none of them woke a model");

  const long = await session.ask({ model: MODEL, tokens: 16, prompt: "word ".repeat(20_000) });
  session.finds(
    long.status === 400 && long.error?.includes("ContextWindowExceededError") === true,
    `context too long: ${long.status} after ${long.seconds.toFixed(0)} s: ${long.error?.slice(0, 160)}`,
  );
  const after = await session.ask({ model: MODEL, tokens: 8, prompt: "After the refusals." });
  session.finds(after.complete, `the next request is answered whole${faultsOf([after])}`);
}

async function raw(session: Session, method: string, path: string, key: string) {
  const response = await fetch(new URL(path, session.client.baseUrl), {
    method,
    headers: { "content-type": "application/json", ...(key === "" ? {} : { authorization: `Bearer ${key}` }) },
    body:
      method === "GET" ? undefined : JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Hello" }] }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  const type: unknown = text.startsWith("{") ? JSON.parse(text).error?.type : undefined;
  return { status: response.status, text, type };
}
