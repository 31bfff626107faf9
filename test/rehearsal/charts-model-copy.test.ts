import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { hub, type Repository } from "./hub";
import { python, run, s3At } from "./programs";
import { type Answer, type Asked, LocalServer } from "./servers";
import { type Store, startStore } from "./store";

const SCRIPT = join(__dirname, "../../components/model-copy/copy_model.py");
const REPOSITORY = "org/tiny";
const REVISION = "a".repeat(40);
const PREFIX = "models/org/tiny";
const COMPLETE = `${PREFIX}/.complete`;

/** More than one part of an upload (64 MiB), and no two blocks alike. */
const BIG = Buffer.concat(Array.from({ length: 70 }, (_, index) => Buffer.alloc(2 ** 20, `${index} block `)));
const FILES: Repository = {
  "config.json": Buffer.from('{"architectures": ["Tiny"]}'),
  "model-00001-of-00001.safetensors": BIG,
  "sub/tokenizer.json": Buffer.from("{}"),
  "pytorch_model.bin": Buffer.from("the same weights"),
  "model.onnx": Buffer.from("once more"),
};
const WANTED = ["config.json", "model-00001-of-00001.safetensors", "sub/tokenizer.json"].map(
  (path) => `${PREFIX}/${path}`,
);

let interpreter: string;
let store: Store;
let server: LocalServer;

beforeAll(async () => {
  interpreter = (await python()).python;
  store = await startStore(interpreter, "weights");
});
afterAll(() => store?.stop());
afterEach(async () => {
  await server.stop();
  for (const key of await store.keys()) await store.remove(`${key}`);
});

async function copy(answer: (asked: Asked) => Answer, env: Record<string, string> = {}) {
  server = await LocalServer.start(answer);
  return run(interpreter, [SCRIPT], {
    ...s3At(store.url),
    HF_ENDPOINT: server.url,
    HF_HUB_DISABLE_TELEMETRY: "1",
    HF_HOME: "/tmp/no-such-home",
    REPOSITORY,
    REVISION,
    BUCKET: "weights",
    PREFIX: `${PREFIX}/`,
    ...env,
  });
}
const source = hub(REPOSITORY, REVISION, FILES);
const downloads = () => server.paths(/\/resolve\//).map((path) => path.split(`/resolve/${REVISION}/`)[1]);
const sha = (bytes: Buffer | undefined) =>
  createHash("sha256")
    .update(bytes ?? "")
    .digest("hex");

test("copies what an engine reads, byte for byte, and says so last", async () => {
  const { code, output } = await copy(source);
  expect(output).toContain(`${REPOSITORY}@${REVISION}: 3 files, 0.07 GB`);
  expect(output.trim().split("\n").at(-1)).toBe("complete");
  expect(code).toBe(0);
  expect((await store.keys()).sort()).toEqual([COMPLETE, ...WANTED].sort());
  expect(sha(await store.get(`${PREFIX}/model-00001-of-00001.safetensors`))).toBe(sha(BIG));
  expect(JSON.parse(String(await store.get(COMPLETE)))).toEqual({
    "config.json": 27,
    "model-00001-of-00001.safetensors": 70 * 2 ** 20,
    "sub/tokenizer.json": 2,
  });
});

test("goes on where it stopped: a file that is there is left alone, a file of another size is not", async () => {
  await store.put(`${PREFIX}/model-00001-of-00001.safetensors`, BIG);
  await store.put(`${PREFIX}/config.json`, Buffer.from("cut"));
  const { code, output } = await copy(source);
  expect([code, output.match(/there already/g)?.length]).toEqual([0, 1]);
  expect([...new Set(downloads())].sort()).toEqual(["config.json", "sub/tokenizer.json"]);
  expect(await store.get(`${PREFIX}/config.json`)).toEqual(FILES["config.json"]);
});

test("a copy that breaks off does not count as complete", async () => {
  const broken = (asked: Asked): Answer =>
    asked.path.includes("tokenizer.json") ? { status: 403, body: { error: "no" } } : source(asked);
  const { code } = await copy(broken);
  expect(code).toBe(1);
  expect(await store.keys()).not.toContain(COMPLETE);
});

test("takes everything where there are no safetensors, and refuses a repository without a file", async () => {
  const other: Repository = { "model.gguf": Buffer.from("GGUF"), "README.md": Buffer.from("hello") };
  expect((await copy(hub(REPOSITORY, REVISION, other))).code).toBe(0);
  expect((await store.keys()).sort()).toEqual([COMPLETE, `${PREFIX}/README.md`, `${PREFIX}/model.gguf`].sort());
  await server.stop();
  const { code, output } = await copy(hub(REPOSITORY, REVISION, {}));
  expect([code, output.trim()]).toEqual([1, `${REPOSITORY}@${REVISION} holds no file`]);
});

test("shows its token to the hub, and to nobody else", async () => {
  const gated = hub(REPOSITORY, REVISION, FILES, "hf_secret");
  const { code, output } = await copy(gated, { HF_TOKEN: "hf_secret" });
  expect(code).toBe(0);
  expect(output).not.toContain("hf_secret");
  await server.stop();
  for (const key of await store.keys()) await store.remove(`${key}`);
  const refused = await copy(gated, { HF_TOKEN: "hf_wrong" });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain("401");
  expect(refused.output).not.toContain("hf_wrong");
  expect(await store.keys()).toEqual([]);
});
