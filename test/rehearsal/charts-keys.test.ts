import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hashOf, KeyServer } from "./key-server";
import { python, run } from "./programs";
import { type Answer, type Asked, LocalServer } from "./servers";

const FILES = join(__dirname, "../../charts/gateway/files");
const MASTER = "sk-master-key";
const FIRST = "sk-first-key";
const SECOND = "sk-second-key";

let interpreter: string;
let folder: string;

beforeAll(async () => {
  interpreter = (await python()).python;
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pilotlight-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (keys: unknown) => {
  const file = join(folder, "keys.json");
  writeFileSync(file, JSON.stringify(keys));
  return file;
};

describe("create_keys.py", () => {
  let gateway: LocalServer;
  let litellm: KeyServer;
  /** Answers before LiteLLM's own; undefined once there are none. */
  let first: ((asked: Asked) => Answer | undefined) | undefined;

  beforeEach(async () => {
    litellm = new KeyServer(MASTER);
    first = undefined;
    gateway = await LocalServer.start((asked) => first?.(asked) ?? litellm.answer(asked));
  });
  afterEach(() => gateway.stop());

  const create = (keys: unknown, env: Record<string, string> = {}) =>
    run(interpreter, [join(FILES, "create_keys.py")], {
      GATEWAY_URL: gateway.url,
      LITELLM_MASTER_KEY: MASTER,
      GATEWAY_KEYS: write(keys),
      PATIENCE_SECONDS: "10",
      ...env,
    });
  const kept = () => Object.fromEntries([...litellm.keys].map(([hash, { alias }]) => [alias, hash]));
  const posts = () => gateway.asked.filter(({ method }) => method === "POST").map(({ path }) => path);

  test("makes each key, for models alone, and a second run changes nothing", async () => {
    const both = { default: FIRST, team: SECOND };
    expect(await create(both)).toEqual({ code: 0, output: "default: created\nteam: created\n" });
    expect(kept()).toEqual({ default: hashOf(FIRST), team: hashOf(SECOND) });
    expect([...litellm.keys.values()].map(({ type }) => type)).toEqual(["llm_api", "llm_api"]);
    const before = posts().length;
    expect(await create(both)).toEqual({ code: 0, output: "default: there already\nteam: there already\n" });
    expect(posts()).toHaveLength(before);
  });

  test("a new key takes the place of the old one", async () => {
    await create({ default: FIRST });
    expect(await create({ default: SECOND })).toEqual({ code: 0, output: "default: created\n" });
    expect(kept()).toEqual({ default: hashOf(SECOND) });
    expect([...litellm.deleted]).toEqual([hashOf(FIRST)]);
  });

  test("a key that somebody has deleted stays deleted", async () => {
    await create({ default: FIRST });
    litellm.keys.clear();
    litellm.deleted.add(hashOf(FIRST));
    const { code, output } = await create({ default: FIRST });
    expect([code, output]).toEqual([0, "default: was deleted and stays so; a new key in the Secret takes its place\n"]);
    expect(kept()).toEqual({});
  });

  test("waits for a gateway that still migrates, and gives up after its patience", async () => {
    let left = 1;
    first = () => (left-- > 0 ? { status: 503 } : undefined);
    expect((await create({ default: FIRST })).output).toBe("default: created\n");
    first = () => ({ status: 503 });
    expect(await create({ default: FIRST }, { PATIENCE_SECONDS: "0.5" })).toEqual({
      code: 1,
      output: "GET /key/info: no answer in 0 s; last: 503 Service Unavailable\n",
    });
    const nobody = await create({ default: FIRST }, { PATIENCE_SECONDS: "0.5", GATEWAY_URL: "http://127.0.0.1:9" });
    expect([nobody.code, nobody.output]).toEqual([1, expect.stringContaining("Connection refused")]);
  });

  test("says what is wrong with the master key, and with a key that LiteLLM refuses", async () => {
    expect(await create({ default: FIRST }, { LITELLM_MASTER_KEY: "sk-wrong" })).toEqual({
      code: 1,
      output: "the gateway refuses the master key: it was changed after the database was made\n",
    });
    const { code, output } = await create({ default: "no-prefix" });
    expect(code).toBe(1);
    expect(output).toContain("default: /key/generate answered 400:");
  });

  test("no key is printed, or stands in an address, which servers log", async () => {
    const outcomes = [await create({ default: FIRST }), await create({ default: "no-prefix" })];
    const seen = JSON.stringify([outcomes, gateway.asked.map(({ path }) => path)]);
    for (const secret of [MASTER, FIRST, "no-prefix"]) expect(seen).not.toContain(secret);
  });
});

describe("custom_auth.py", () => {
  /** Asks it once for each line of [path, key, keys], the keys written anew before each. */
  async function ask(...questions: [path: string, key: string, keys: unknown][]) {
    const file = write({});
    const { code, output } = await run(
      interpreter,
      [join(__dirname, "python", "ask_custom_auth.py"), file, JSON.stringify(questions)],
      {
        PYTHONPATH: [FILES, join(__dirname, "python", "stubs")].join(":"),
        GATEWAY_KEYS: file,
        LITELLM_MASTER_KEY: MASTER,
      },
    );
    if (code !== 0) throw new Error(output);
    return output.trim().split("\n");
  }
  const KEYS = { default: FIRST, team: SECOND };
  const CHAT = "/v1/chat/completions";

  test("knows whose key it is, and refuses any other", async () => {
    const wrong = "401 No or wrong API key: send 'Authorization: Bearer <key>'";
    expect(
      await ask(
        [CHAT, FIRST, KEYS],
        [CHAT, SECOND, KEYS],
        [CHAT, MASTER, KEYS],
        [CHAT, "sk-first-ke", KEYS],
        [CHAT, "", KEYS],
        [CHAT, "sk-é", KEYS],
      ),
    ).toEqual(["default internal_user", "team internal_user", "master proxy_admin", wrong, wrong, wrong]);
  });

  test("an empty key in the file lets nobody in", async () => {
    expect(await ask([CHAT, "", { default: "" }])).toEqual([expect.stringMatching(/^401 /)]);
  });

  test("a new or withdrawn key counts from the next request on", async () => {
    expect(await ask([CHAT, FIRST, {}], [CHAT, FIRST, KEYS], [CHAT, FIRST, { team: SECOND }])).toEqual([
      expect.stringMatching(/^401 /),
      "default internal_user",
      expect.stringMatching(/^401 /),
    ]);
  });

  test.each([
    "/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/messages/count_tokens",
    "/v1/models",
    "/v1/models/qwen",
    "/v1/rerank",
    "/v1/responses/resp_1",
  ])("an ordinary key may call %s", async (path) => {
    expect(await ask([path, FIRST, KEYS])).toEqual(["default internal_user"]);
  });

  test.each([
    "/key/generate",
    "/v1/key/generate",
    "/health",
    "/model/new",
    "/v1/model/info",
    "/modelsx",
    "/v1/v1/models",
    "/",
    "/config/update",
    "/spend/logs",
  ])("an ordinary key may not call %s, the master key may", async (path) => {
    expect(await ask([path, FIRST, KEYS], [path, MASTER, KEYS])).toEqual([
      `403 ${path} needs the master key`,
      "master proxy_admin",
    ]);
  });
});
