import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { images } from "../../components/versions";
import { runCommand } from "../../scripts/key-commands";
import { KeyGateway } from "../../scripts/key-gateway";
import { parseOptions } from "../../scripts/key-options";
import {
  createAnswer,
  createRequest,
  type KeyRow,
  keyRow,
  listAnswer,
  listRequest,
  revokeRequest,
} from "../../scripts/key-requests";
import { hashOf, KeyServer } from "../rehearsal/key-server";
import { FULL_KEY, type LitellmApi, type Schema } from "../rehearsal/litellm-openapi";
import { type Answer, type Asked, LocalServer } from "../rehearsal/servers";

const API: LitellmApi = JSON.parse(readFileSync(join(__dirname, "../data/litellm-openapi.json"), "utf8"));
const MASTER = "sk-master-key";
const NOW = new Date("2026-11-25T12:00:00Z");

const ajv = new Ajv({ strict: false, validateFormats: false, coerceTypes: false });
/** What a schema has against a value. */
const wrongIn = (schema: Schema, value: unknown): string => {
  const validate = ajv.compile(schema);
  return validate(value) ? "" : ajv.errorsText(validate.errors);
};

/** What LiteLLM's description has against a request. */
function wrongWith({ method, path, body }: Pick<Asked, "method" | "path" | "body">): string[] {
  const { pathname, searchParams } = new URL(path, "http://gateway");
  const operation = API.operations[`${method} ${pathname}`];
  if (operation === undefined) return [`there is no ${method} ${pathname}`];
  const query = [...searchParams].map(([name, text]) => {
    const schema = operation.query?.[name];
    if (schema === undefined) return `no parameter ${name}`;
    return wrongIn(schema, schema.type === "string" ? text : JSON.parse(text));
  });
  const sent = body === "" ? [] : [wrongIn(operation.body ?? { not: {} }, JSON.parse(body))];
  return [...query, ...sent].filter((fault) => fault !== "");
}

describe("LiteLLM's own description of its API", () => {
  const fieldsOf = (schema: Schema | undefined) => Object.keys((schema?.properties ?? {}) as object);

  test("is that of the release which is deployed", () => {
    expect(`v${API.version}`).toBe(images.litellm.tag);
  });

  test.each([
    ["a key with every flag", createRequest(FULL_KEY)],
    ["a key with none", createRequest({ name: "alice", models: [] })],
    ["a page of keys", listRequest(2)],
    ["a key to be taken away", revokeRequest("alice")],
  ])("takes %s", (_, { method, path, query, body }) => {
    const asked = { method, path: `${path}?${new URLSearchParams(query)}`, body: body ? JSON.stringify(body) : "" };
    expect(wrongWith(asked)).toEqual([]);
  });

  test("refuses what is not in it, so that the test above means something", () => {
    const body = (fields: object) => JSON.stringify(fields);
    expect(wrongWith({ method: "POST", path: "/key/generate", body: body({ max_budgets: 1 }) })).toEqual([
      "data must NOT have additional properties",
    ]);
    expect(wrongWith({ method: "POST", path: "/key/generate", body: body({ key_type: "llm" }) })).toHaveLength(1);
    expect(wrongWith({ method: "GET", path: "/key/list?size=101", body: "" })).toEqual(["data must be <= 100"]);
    expect(wrongWith({ method: "GET", path: "/key/lists", body: "" })).toEqual(["there is no GET /key/lists"]);
  });

  test("has every field that is read, and no other is kept", () => {
    const listed = API.operations["GET /key/list"]?.answer;
    const rows = (listed?.properties as { keys: { items: Schema } } | undefined)?.keys.items;
    expect(fieldsOf(listed).sort()).toEqual(Object.keys(listAnswer.shape).sort());
    expect(fieldsOf(rows)).toEqual(Object.keys(keyRow.shape).sort());
    expect(fieldsOf(API.operations["POST /key/generate"]?.answer)).toEqual(Object.keys(createAnswer.shape).sort());
  });
});

describe("with a gateway", () => {
  let litellm: KeyServer;
  let server: LocalServer;
  /** Answers before LiteLLM's own. */
  let first: ((asked: Asked) => Answer | undefined) | undefined;

  beforeEach(async () => {
    litellm = new KeyServer(MASTER, { models: ["qwen3-8b", "llama-70b"], now: NOW });
    first = undefined;
    server = await LocalServer.start((asked) => first?.(asked) ?? litellm.answer(asked));
  });
  afterEach(async () => {
    await server.stop();
    // Whatever a test has asked, LiteLLM takes it.
    for (const asked of server.asked) expect(wrongWith(asked), `${asked.method} ${asked.path}`).toEqual([]);
  });

  const key = (line: string, masterKey = MASTER) => {
    const options = parseOptions(line.split(" "));
    if (options.command === "help") throw new Error("help asks nothing");
    return runCommand(options, new KeyGateway(server.url, masterKey), NOW);
  };
  const posts = () => server.asked.filter(({ method }) => method === "POST").map(({ path }) => path);
  const change = (name: string, fields: Partial<KeyRow>) => {
    const found = [...litellm.keys.values()].find(({ alias }) => alias === name);
    Object.assign(found?.row ?? {}, fields);
  };

  test("create makes a key for models alone and shows it, once", async () => {
    const line = "create --name alice --budget 20 --budget-duration 30d --rpm 60 --models qwen3-8b --expires 90d";
    expect((await key(line)).split("\n")).toEqual([
      "sk-made-for-alice",
      "",
      "This is the key of alice. It is not shown again.",
      "models: qwen3-8b; budget: 20.00 / 30d USD; requests a minute: 60; expires: 2027-02-23",
    ]);
    expect(litellm.keys.get(hashOf("sk-made-for-alice"))?.type).toBe("llm_api");
    expect(await key("list")).not.toContain("sk-made");
  });

  test("create without limits says so; with --json for a machine", async () => {
    expect((await key("create --name ci")).split("\n").at(-1)).toBe(
      "models: all; budget: none; requests a minute: no limit; expires: never",
    );
    expect(JSON.parse(await key("create --name bob --rpm 5 --json"))).toEqual({
      name: "bob",
      key: "sk-made-for-bob",
      models: [],
      budget: null,
      budgetDuration: null,
      rpm: 5,
      expires: null,
    });
  });

  test("create refuses unknown models and a name that is taken, both at once, and changes nothing", async () => {
    await key("create --name alice");
    const before = posts().length;
    await expect(key("create --name alice --models qwen3-8,gpt-4")).rejects.toThrow(
      'there is no model qwen3-8; the gateway has qwen3-8b, llama-70b; did you mean "qwen3-8b"?\n' +
        "there is no model gpt-4; the gateway has qwen3-8b, llama-70b\n" +
        "there is a key alice already, active; choose another name, or take that one away first: npm run key -- revoke --name alice",
    );
    change("alice", { expires: "2026-01-01T00:00:00Z" });
    await expect(key("create --name alice")).rejects.toThrow("there is a key alice already, expired;");
    expect(posts()).toHaveLength(before);
  });

  test("a name that somebody takes meanwhile: LiteLLM's own refusal", async () => {
    first = ({ path }) =>
      path.startsWith("/key/list") ? { status: 200, body: { keys: [], total_pages: 0 } } : undefined;
    await key("create --name alice");
    await expect(key("create --name alice")).rejects.toThrow(
      "POST /key/generate answered 400: Key with alias 'alice' already exists.",
    );
  });

  test("list reads every page", async () => {
    for (let index = 0; index < 205; index += 1)
      litellm.answer({
        ...{ method: "POST", path: "/key/generate", headers: { authorization: `Bearer ${MASTER}` } },
        body: JSON.stringify({ key_alias: `key-${String(index).padStart(3, "0")}` }),
      });
    const lines = (await key("list")).split("\n");
    expect([lines.length, lines[1]?.split(" ")[0], lines.at(-1)?.split(" ")[0]]).toEqual([206, "key-000", "key-204"]);
    expect(server.paths(/^\/key\/list/)).toEqual(
      [1, 2, 3].map((page) => `/key/list?return_full_object=true&page=${page}&size=100`),
    );
  });

  test("list and usage as tables", async () => {
    expect(await key("list")).toBe("no keys");
    await key("create --name ci");
    await key(
      "create --name alice --budget 20 --budget-duration 30d --rpm 60 --models qwen3-8b,llama-70b --expires 90d",
    );
    await key("create --name bob --budget 0.5");
    change("alice", { spend: 4.999, last_active: "2026-11-24T08:00:00Z" });
    change("bob", { spend: 0.5, blocked: true });
    change("ci", { spend: 0.0123, expires: "2026-11-01T00:00:00Z", key_alias: null });
    const cells = (text: string) => text.split("\n").map((line) => line.split(/ {2,}/));
    expect(cells(await key("list"))).toEqual([
      ["name", "status", "models", "budget USD", "a minute", "made", "expires"],
      ["alice", "active", "qwen3-8b, llama-70b", "20.00 / 30d", "60", "2026-11-25", "2027-02-23"],
      ["bob", "blocked", "all", "0.5000", "none", "2026-11-25", "never"],
      ["sk-...r-ci", "expired", "all", "none", "none", "2026-11-25", "2026-11-01"],
    ]);
    expect(cells(await key("usage"))).toEqual([
      ["name", "status", "spent USD", "budget USD", "used", "starts anew", "last asked"],
      ["alice", "active", "5.00", "20.00 / 30d", "24 %", "2026-12-25", "2026-11-24"],
      ["bob", "blocked", "0.5000", "0.5000", "100 %", "never", "never"],
      ["sk-...r-ci", "expired", "0.0123", "none", "never", "never"],
    ]);
  });

  test("usage of one key, for a machine", async () => {
    await key("create --name alice --budget 20 --budget-duration 30d");
    await key("create --name bob");
    change("alice", { spend: 1.5 });
    expect(JSON.parse(await key("usage --name alice --json"))).toEqual([
      {
        name: "alice",
        status: "active",
        models: [],
        spend: 1.5,
        budget: 20,
        budgetDuration: "30d",
        budgetResetAt: "2026-12-25T12:00:00.000Z",
        rpm: null,
        createdAt: "2026-11-25T12:00:00.000Z",
        lastActive: null,
        expires: null,
      },
    ]);
    await expect(key("usage --name alic")).rejects.toThrow(
      'there is no key alic; there are bob, alice; did you mean "alice"?',
    );
  });

  test("revoke takes the key of that name, and no other", async () => {
    await expect(key("revoke --name alice")).rejects.toThrow("there is no key alice; there is none at all");
    await key("create --name alice");
    await key("create --name ci");
    await expect(key("revoke --name alic")).rejects.toThrow('did you mean "alice"?');
    expect([...litellm.deleted]).toEqual([]);
    expect(await key("revoke --name alice")).toBe(
      "alice is revoked; a gateway pod that has just served it forgets it within a minute.",
    );
    expect([...litellm.deleted]).toEqual([hashOf("sk-made-for-alice")]);
    expect([...litellm.keys.values()].map(({ alias }) => alias)).toEqual(["ci"]);
    expect(JSON.parse(await key("revoke --name ci --json"))).toEqual({ revoked: "ci" });
  });

  test.each(["create --name alice", "list", "revoke --name alice", "usage"])(
    "without a database, %s says where keys are named then, and asks no more",
    async (line) => {
      first = ({ method, path }) => API.withoutDatabase[`${method} ${path.split("?")[0]}`] as Answer | undefined;
      await expect(key(line)).rejects.toThrow(
        "this gateway has no database, so it keeps no keys that are made while it runs; name them in the stack file, " +
          "gateway: { keys: [alice, ci] }, and run pulumi up; docs/keys.md",
      );
      expect(server.asked.map(({ path }) => path)).toEqual(["/health/readiness"]);
    },
  );

  test("models are read as LiteLLM writes them", async () => {
    first = ({ path }) => (path === "/v1/models" ? (API.withoutDatabase["GET /v1/models"] as Answer) : undefined);
    await expect(key("create --name alice --models quen")).rejects.toThrow(
      'there is no model quen; the gateway has qwen; did you mean "qwen"?',
    );
  });

  test("a master key that is refused, a gateway that is not there, an answer that is not LiteLLM's", async () => {
    await expect(key("list", "sk-other")).rejects.toThrow(
      "the gateway refuses the master key of its Secret: it was changed after the database was made",
    );
    const nobody = new KeyGateway("http://127.0.0.1:9", MASTER);
    await expect(nobody.keys()).rejects.toThrow(/^the gateway does not answer GET \/key\/list: .+/);
    first = ({ path }) => (path.startsWith("/key/list") ? { status: 200, body: { keys: ["hash"] } } : undefined);
    await expect(key("list")).rejects.toThrow(
      "GET /key/list answered something else than LiteLLM 1.106.2 does: keys.0",
    );
    first = ({ path }) =>
      path.startsWith("/key/list") ? { status: 502, body: Buffer.from("Bad Gateway") } : undefined;
    await expect(key("list")).rejects.toThrow("GET /key/list answered 502: Bad Gateway");
  });

  test("the master key is in a header alone: in no address, no body, no output and no error", async () => {
    const seen = [await key("create --name alice"), await key("list"), await key("usage --json")];
    first = ({ path }) =>
      path.startsWith("/key/delete") ? { status: 500, body: { error: { message: `boom ${MASTER}` } } } : undefined;
    seen.push(await key("revoke --name alice").catch(String));
    expect(seen.at(-1)).toBe("Error: POST /key/delete answered 500: boom ***");
    const sent = server.asked.map(({ path, body }) => [path, body]);
    expect(JSON.stringify([seen, sent])).not.toContain(MASTER);
  });
});
