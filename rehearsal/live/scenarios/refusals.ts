import type { Session } from "../session";

const MODEL = "qwen3-8b";
/** vLLM's own paths that answer without a key, and one that does inference. */
const OPEN_PATHS = ["/invocations", "/metrics", "/start_profile", "/v1/load_lora_adapter", "/sleep", "/tokenize"];

/** What is refused, how, and that none of it wakes a GPU. */
export async function refusals(session: Session): Promise<void> {
  await session.asleep();
  const from = session.now();
  const wrong = await session.ask({ model: MODEL, key: "sk-nobody-has-this" });
  session.finds(wrong.status === 401, `wrong key: ${wrong.status} ${wrong.error?.slice(0, 100)}`);
  const unknown = await session.ask({ model: "qwen3-9b" });
  session.finds(unknown.status === 400, `unknown model: ${unknown.status} ${unknown.error?.slice(0, 100)}`);
  for (const path of OPEN_PATHS) {
    const { status, text } = await raw(session, path);
    session.finds([401, 403, 404, 405].includes(status), `POST ${path} at the gateway: ${status}`);
    if (text.includes("vllm:")) session.finds(false, `${path} shows the engine's metrics`);
  }
  const models = await raw(session, "/v1/models", "GET");
  session.finds(models.status === 200 && models.text.includes(MODEL), `GET /v1/models while asleep: ${models.status}`);
  await session.wait(6000);
  const woken = session.observer.markAfter("scaled", MODEL, from) !== undefined;
  session.finds(!woken, woken ? "a refused request woke a model" : "none of them woke a model");

  const long = await session.ask({ model: MODEL, tokens: 16, prompt: "word ".repeat(20_000) });
  session.finds(
    long.status === 400,
    `context too long: ${long.status} after ${long.seconds.toFixed(0)} s: ${long.error?.slice(0, 120)}`,
  );
  const after = await session.ask({ model: MODEL, tokens: 8, prompt: "After the refusals." });
  session.finds(after.complete, "the next request is answered whole");
}

async function raw(session: Session, path: string, method = "POST"): Promise<{ status: number; text: string }> {
  const response = await fetch(new URL(path, session.client.baseUrl), {
    method,
    headers: { authorization: `Bearer ${session.key}`, "content-type": "application/json" },
    body:
      method === "GET" ? undefined : JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Hello" }] }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, text: await response.text() };
}
