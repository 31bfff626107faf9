import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BARE, python, run, s3At } from "./programs";
import { LocalServer } from "./servers";
import { type Store, startStore } from "./store";

const SCRIPT = join(__dirname, "../../charts/model-server/files/compile_cache.py");
const KEY = "compile-cache/0123456789abcdef.tar";

let interpreter: string;
let store: Store;
let engine: LocalServer;
let folder: string;
/** What the engine's health answers. */
let health = 200;

beforeAll(async () => {
  interpreter = (await python()).python;
  store = await startStore(interpreter, "weights");
  engine = await LocalServer.start(() => ({ status: health }));
});
afterAll(async () => {
  await engine?.stop();
  await store?.stop();
});
beforeEach(() => {
  health = 200;
  folder = mkdtempSync(join(tmpdir(), "pilotlight-cache-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const key of await store.keys()) await store.remove(`${key}`);
});

const CACHE = () => join(folder, "compile");
const envOf = (change: Record<string, string> = {}) => ({
  ...s3At(store.url),
  CACHE_DIR: CACHE(),
  CACHE_URI: `s3://weights/${KEY}`,
  CACHE_MAX_MIB: "64",
  HEALTH_URL: `${engine.url}/health`,
  POLL_SECONDS: "0.1",
  ...change,
});
const restore = (change?: Record<string, string>) => run(interpreter, [SCRIPT, "restore"], envOf(change));

/** Starts `save`, waits for a line or whatever else, ends it as the kubelet does, and says how it ended. */
async function save(until: RegExp | (() => boolean), change?: Record<string, string>) {
  const child = spawn(interpreter, ["-u", SCRIPT, "save"], { env: { ...BARE, ...envOf(change) } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  const due = () => (until instanceof RegExp ? until.test(output) : until());
  for (let tries = 0; tries < 300 && !due(); tries += 1) await sleep(100);
  await sleep(300);
  const stayed = child.exitCode === null;
  child.kill("SIGTERM");
  const code = await Promise.race([ended, sleep(5000, "still there")]);
  child.kill("SIGKILL");
  return { code, output, stayed };
}

function write(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(CACHE(), name)), { recursive: true });
    writeFileSync(join(CACHE(), name), text);
  }
}
const KERNELS = { "triton/aa/kernel.cubin": "kernel", "vllm/torch_compile_cache/rank_0.py": "graph" };

describe("the compile cache", () => {
  test("what one replica compiled is there for the next, which saves nothing anew", async () => {
    write(KERNELS);
    const { code, output, stayed } = await save(/saved/);
    expect({ code, output: output.trim(), stayed }).toEqual({ code: 0, output: "saved 0 MiB", stayed: true });
    expect(await store.keys()).toEqual([KEY]);
    // Only the cache stays on the disk, not the archive.
    expect(readdirSync(folder)).toEqual(["compile"]);
    rmSync(CACHE(), { recursive: true });
    const restored = await restore();
    expect(restored.code).toBe(0);
    expect(restored.output).toMatch(/^restored 0 MiB in \d+\.\d s\n$/);
    for (const [name, text] of Object.entries(KERNELS)) expect(readFileSync(join(CACHE(), name), "utf8")).toBe(text);
    const before = await store.get(KEY);
    expect((await save(/nothing/)).output.trim()).toBe("nothing new to save");
    expect(await store.get(KEY)).toEqual(before);
  });

  test("a kernel more is saved with the others; locks and temporary files are none", async () => {
    write(KERNELS);
    await save(/saved/);
    rmSync(CACHE(), { recursive: true });
    await restore();
    write({ "triton/aa/kernel.lock": "", "triton/bb.tmp": "half" });
    expect((await save(/nothing/)).output.trim()).toBe("nothing new to save");
    write({ "triton/cc/kernel.cubin": "another" });
    expect((await save(/saved/)).output.trim()).toBe("saved 0 MiB");
  });

  test("waits for an engine that does not serve yet, and leaves when asked meanwhile", async () => {
    health = 503;
    write(KERNELS);
    const asked = engine.asked.length;
    const { code, output } = await save(() => engine.asked.length > asked, { POLL_SECONDS: "5" });
    expect({ code, output, asked: engine.asked.length - asked }).toEqual({ code: 0, output: "", asked: 1 });
    expect(await store.keys()).toEqual([]);
  });

  test("a first start finds nothing and goes on", async () => {
    const { code, output } = await restore();
    expect(code).toBe(0);
    expect(output).toMatch(/^restore failed, the engine goes on without: ClientError: .*404/);
    expect(readdirSync(CACHE())).toEqual([]);
  });

  test("an S3 that cannot be reached stops nobody", async () => {
    const { code, output } = await restore({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    expect(code).toBe(0);
    expect(output).toContain("restore failed, the engine goes on without: EndpointConnectionError");
    write(KERNELS);
    const saved = await save(/failed/, { AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    expect([saved.code, saved.stayed]).toEqual([0, true]);
  });

  test("a cache above the limit is not saved", async () => {
    write({ "triton/big.cubin": "x".repeat(2 ** 21) });
    expect((await save(/MiB/, { CACHE_MAX_MIB: "1" })).output.trim()).toBe(
      "not saved: 2 MiB is more than the limit of 1 MiB",
    );
    expect(await store.keys()).toEqual([]);
  });

  /** An archive made by Python's tarfile: file members, and links if they have a target. */
  async function archive(members: { name: string; text?: string; link?: string }[]) {
    const code = `
import io, json, sys, tarfile
with tarfile.open(sys.argv[1], "w") as archive:
    for member in json.loads(sys.argv[2]):
        entry = tarfile.TarInfo(member["name"])
        if "link" in member:
            entry.type, entry.linkname = tarfile.SYMTYPE, member["link"]
        body = member.get("text", "").encode()
        entry.size = len(body)
        archive.addfile(entry, io.BytesIO(body))`;
    const file = join(folder, "made.tar");
    expect(await run(interpreter, ["-c", code, file, JSON.stringify(members)], {})).toEqual({ code: 0, output: "" });
    return readFileSync(file);
  }

  test.each([
    ["climbs out of the cache", [{ name: "../outside", text: "x" }], "OutsideDestinationError"],
    ["links out of the cache", [{ name: "link", link: "../../etc/passwd" }], "LinkOutsideDestinationError"],
    ["links to a fixed place", [{ name: "link", link: "/etc/passwd" }], "AbsoluteLinkError"],
  ])("an archive that %s is refused whole", async (_, members, error) => {
    await store.put(KEY, await archive([{ name: "kernel.cubin", text: "kernel" }, ...members]));
    const { code, output } = await restore();
    expect(code).toBe(0);
    expect(output).toContain(`restore failed, the engine goes on without: ${error}`);
    expect(readdirSync(CACHE())).toEqual([]);
    expect(existsSync(join(folder, "outside"))).toBe(false);
  });

  test("an archive that breaks off leaves no half kernel behind", async () => {
    const whole = await archive([
      { name: "a.cubin", text: "a" },
      { name: "b.cubin", text: "b".repeat(5000) },
    ]);
    await store.put(KEY, whole.subarray(0, 3000));
    const { code, output } = await restore();
    expect(code).toBe(0);
    expect(output).toContain("restore failed, the engine goes on without: ReadError");
    expect(readdirSync(CACHE())).toEqual([]);
  });
});
