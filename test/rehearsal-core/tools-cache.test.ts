import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensure, isComplete, makeFolder } from "../../rehearsal/tools/cache";
import { whileWaiting } from "../../rehearsal/tools/clock";

let dir: string;
let folder: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pilotlight-cache-"));
  folder = join(dir, "tool", "v1");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const never = new AbortController().signal;
const onWait = (pid: string) => {
  throw new Error(`waits for ${pid}`);
};
const fill = async (into: string) => {
  writeFileSync(join(into, "program"), "whole");
  return "filled";
};

test("an entry is filled once, and then is there", async () => {
  expect(isComplete(folder)).toBe(false);
  expect(await ensure({ folder, fill, onWait, signal: never })).toBe("filled");
  expect(isComplete(folder)).toBe(true);
  expect(readFileSync(join(folder, "program"), "utf8")).toBe("whole");
  expect(await ensure({ folder, fill: onWait, onWait, signal: never })).toBeUndefined();
});

test("a failed entry leaves nothing, and can be filled afterwards", async () => {
  const failing = async (into: string) => {
    writeFileSync(join(into, "program"), "half");
    throw new Error("no compiler");
  };
  await expect(ensure({ folder, fill: failing, onWait, signal: never })).rejects.toThrow("no compiler");
  expect(existsSync(folder)).toBe(false);
  expect(await ensure({ folder, fill, onWait, signal: never })).toBe("filled");
});

test("what a killed run has left does not count, and is thrown away", async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "program"), "half");
  writeFileSync(join(folder, "rest"), "of another time");
  expect(isComplete(folder)).toBe(false);
  expect(await ensure({ folder, fill, onWait, signal: never })).toBe("filled");
  expect(readdirSync(folder).sort()).toEqual([".complete", "program"]);
});

test("an interruption counts even if filling did not notice it", async () => {
  const abort = new AbortController();
  const deaf = async () => abort.abort(new Error("enough"));
  await expect(ensure({ folder, fill: deaf, onWait, signal: abort.signal })).rejects.toThrow("enough");
  expect(existsSync(folder)).toBe(false);
});

test("two who want the same fill it once: the second waits, says for whom, and finds it there", async () => {
  const waited: string[] = [];
  let fills = 0;
  const slowly = async (into: string) => {
    fills += 1;
    await sleep(600);
    return fill(into);
  };
  const first = ensure({ folder, fill: slowly, onWait, signal: never });
  await sleep(200);
  const second = ensure({ folder, fill: slowly, onWait: (pid) => waited.push(pid), signal: never });
  expect(await Promise.all([first, second])).toEqual(["filled", undefined]);
  expect(fills).toBe(1);
  expect(waited).toEqual([String(process.pid)]);
});

test("when the first fails, the one that waited fills it", async () => {
  const failing = async () => {
    await sleep(400);
    throw new Error("disk full");
  };
  const first = ensure({ folder, fill: failing, onWait, signal: never }).catch((error: Error) => error.message);
  await sleep(150);
  const second = ensure({ folder, fill, onWait: () => undefined, signal: never });
  expect(await Promise.all([first, second])).toEqual(["disk full", "filled"]);
});

test("waiting ends with an interruption", async () => {
  const abort = new AbortController();
  const first = ensure({ folder, fill: async () => sleep(1500), onWait, signal: never });
  await sleep(150);
  const second = ensure({ folder, fill, onWait: () => abort.abort(new Error("enough")), signal: abort.signal });
  await expect(second).rejects.toThrow("enough");
  await first;
});

test("the lock of a killed process is free at once", async () => {
  const script = `require(${JSON.stringify(join(__dirname, "../../rehearsal/tools/cache.ts"))}).ensure({
    folder: ${JSON.stringify(folder)}, onWait() {}, signal: new AbortController().signal,
    fill: () => { console.log("filling"); return new Promise(() => setInterval(() => undefined, 1000)); } })`;
  const other = spawn(process.execPath, ["--import", "tsx", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(other.stdout, "data");
  const waited: string[] = [];
  const mine = ensure({ folder, fill, onWait: (pid) => waited.push(pid), signal: never });
  await sleep(600);
  expect(waited).toEqual([String(other.pid)]);
  other.kill("SIGKILL");
  const killed = Date.now();
  expect(await mine).toBe("filled");
  expect(Date.now() - killed).toBeLessThan(3000);
});

test("work that lasts says so from time to time, and stops saying it", async () => {
  const lines: string[] = [];
  const value = await whileWaiting(
    (soFar) => `building, ${soFar} so far`,
    (line) => lines.push(line),
    () => sleep(350, "built"),
    100,
  );
  expect(value).toBe("built");
  const count = lines.length;
  expect(count).toBeGreaterThanOrEqual(1);
  expect(count).toBeLessThanOrEqual(3);
  expect(lines[0]).toBe("building, 0 s so far");
  await sleep(250);
  expect(lines).toHaveLength(count);
});

test("a cache that cannot be written is told with what to set, and where nothing can be made it does not try for ever", () => {
  expect(() => makeFolder("/proc/x/y")).toThrow(
    "the cache cannot be written (ENOENT: no such file or directory, mkdir '/proc/x'); set PILOTLIGHT_CACHE to a folder that can",
  );
});
