import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRunFolder, removeOrphaned, startOf } from "../../rehearsal/run-folders";

let parent: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "pilotlight-run-folders-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(parent, { recursive: true, force: true });
});

/** A run as the rehearsal begins one. @returns its folder, once it works there. */
async function run(mode: "stay" | "fail" | "end") {
  const file = join(__dirname, "run-folders-parent.ts");
  const child = spawn(process.execPath, ["--import", "tsx", file, mode], { env: { ...process.env, TMPDIR: parent } });
  children.push(child);
  const ended = once(child, "close");
  let text = "";
  child.stderr.resume();
  for await (const part of child.stdout.setEncoding("utf8")) {
    text += part;
    if (/^dir .*\n/m.test(text)) break;
  }
  return { child, ended, text, dir: /^dir (.*)$/m.exec(text)?.[1] ?? "" };
}

const ownerOf = (dir: string) => JSON.parse(readFileSync(join(dir, "owner.json"), "utf8"));

test("the folder of a killed run is removed by the next, which says so; that of a living one stays", async () => {
  const [living, killed] = await Promise.all([run("stay"), run("stay")]);
  killed.child.kill("SIGKILL");
  await killed.ended;
  expect(existsSync(join(killed.dir, "state.json"))).toBe(true);

  const next = await run("end");
  await next.ended;
  expect(next.text).toContain(`removed ${killed.dir}, which a killed run had left`);
  expect(next.text).not.toContain(living.dir);
  expect([killed, living, next].map(({ dir }) => existsSync(dir))).toEqual([false, true, false]);
});

test("logs that a failed run has left for the user stay", async () => {
  const { dir, ended } = await run("fail");
  await ended;
  expect(removeOrphaned(parent)).toEqual([]);
  expect(existsSync(join(dir, "state.json"))).toBe(true);
});

test("a pid that was given again is not taken for the owner", async () => {
  const { child, dir } = await run("stay");
  const owner = ownerOf(dir);
  expect(owner).toMatchObject({ pid: child.pid, start: startOf(child.pid ?? 0) });
  writeFileSync(join(dir, "owner.json"), JSON.stringify({ ...owner, start: String(Number(owner.start) - 1) }));
  expect(removeOrphaned(parent)).toEqual([dir]);
});

test("a folder of which nobody knows whether it is in use stays", async () => {
  const dead = { ...ownerOf(makeRunFolder(parent)), start: "1" };
  const folder = (name: string, owner?: string) => {
    mkdirSync(join(parent, name));
    if (owner !== undefined) writeFileSync(join(parent, name, "owner.json"), owner);
    return join(parent, name);
  };
  const orphaned = folder("pilotlight-rehearsal-dead", JSON.stringify(dead));
  const stay = [
    folder("pilotlight-rehearsal-earlier"),
    folder("pilotlight-rehearsal-half", '{"pid":1'),
    // Another machine's, or of another container: there the pid is another's.
    folder("pilotlight-rehearsal-elsewhere", JSON.stringify({ ...dead, where: "elsewhere" })),
    folder("pilotlight-live-dead", JSON.stringify(dead)),
  ];
  const elsewhere = mkdtempSync(join(tmpdir(), "pilotlight-linked-"));
  writeFileSync(join(elsewhere, "owner.json"), JSON.stringify(dead));
  symlinkSync(elsewhere, join(parent, "pilotlight-rehearsal-link"));
  try {
    expect(removeOrphaned(parent)).toEqual([orphaned]);
    for (const dir of [...stay, elsewhere]) expect(existsSync(dir), dir).toBe(true);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

test.runIf(process.getuid?.() === 0)("another user's folder stays", () => {
  const dir = makeRunFolder(parent);
  writeFileSync(join(dir, "owner.json"), JSON.stringify({ ...ownerOf(dir), start: "1" }));
  chownSync(dir, 65534, 65534);
  expect(removeOrphaned(parent)).toEqual([]);
  chownSync(dir, 0, 0);
  expect(removeOrphaned(parent)).toEqual([dir]);
});
