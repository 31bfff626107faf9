import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProcessError, Processes, Running, runToEnd, withProcesses } from "../../rehearsal/processes";
import { areGone, isAlive, membersOf } from "./processes-alive";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pilotlight-processes-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sh = (script: string) => ({
  name: "program",
  command: "sh",
  args: ["-c", script],
  log: join(dir, "program.log"),
});

test("a program's pid, exit code, output and environment are its own", async () => {
  const running = Running.start({
    ...sh("echo out; echo err >&2; echo $$ $GREETING; exit 3"),
    env: { GREETING: "hi" },
  });
  expect(await running.ended).toBe("code 3");
  expect(running.hasEnded).toBe(true);
  expect(running.lastLines()).toBe(`out\nerr\n${running.pid} hi`);
  expect(running.lastLines(1)).toBe(`${running.pid} hi`);
});

test("a log grows with each start, and a program's last lines are its own", async () => {
  await Running.start(sh("echo first; echo second")).ended;
  const again = Running.start(sh("echo third"));
  await again.ended;
  expect(again.lastLines()).toBe("third");
  expect(readFileSync(again.args.log, "utf8")).toBe("first\nsecond\nthird\n");
});

test("a program that cannot be started says why", async () => {
  const running = Running.start({ ...sh(""), command: "/does/not/exist", args: [] });
  expect(await running.ended).toBe("code 127");
  expect(running.lastLines()).toMatch(/\/does\/not\/exist.*not found/);
  const nowhere = Running.start({ ...sh("true"), cwd: "/does/not/exist" });
  expect(await nowhere.ended).toMatch(/ENOENT/);
  await nowhere.stop();
});

test("what a program leaves in its group goes with it", async () => {
  const running = Running.start(sh("sleep 1000 & exit 0"));
  expect(await running.ended).toBe("code 0");
  expect(await areGone([running.pid], 2000)).toBe(true);
});

test("ready waits for the probe, and names the end of the log when the program ends before or is late", async () => {
  const slow = Running.start(sh("sleep 0.3; echo up; sleep 1000"));
  await slow.ready(async () => slow.lastLines() === "up", 5000);
  expect(slow.lastLines()).toBe("up");
  await expect(slow.ready(async () => false, 200)).rejects.toThrow(/^program was not ready after 0 s; .*:\nup$/);
  await slow.stop();

  const broken = Running.start(sh("echo 'no such flag' >&2; exit 2"));
  const started = Date.now();
  const failure = broken.ready(async () => false, 60_000);
  await expect(failure).rejects.toThrow(
    /^program ended with code 2 before it was ready; .*program\.log:\n(.*\n)*no such flag$/,
  );
  await expect(failure).rejects.toBeInstanceOf(ProcessError);
  expect(Date.now() - started).toBeLessThan(10_000);
});

test("stop asks first, and kills what does not end within its grace", async () => {
  const polite = Running.start(sh("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"));
  await polite.ready(async () => polite.lastLines(1) === "up", 5000);
  await polite.stop();
  expect(await polite.ended).toBe("code 0");
  expect(polite.lastLines(1)).toBe("bye");

  const stubborn = Running.start({ ...sh("trap '' TERM; echo deaf; while :; do sleep 0.05; done"), graceMs: 200 });
  await stubborn.ready(async () => stubborn.lastLines(1) === "deaf", 5000);
  await stubborn.stop();
  expect(await stubborn.ended).toBe("SIGKILL");
  expect(await areGone([polite.pid, stubborn.pid], 2000)).toBe(true);

  const worthless = Running.start({
    ...sh("trap 'echo saved; exit' TERM; echo ok; while :; do sleep 0.05; done"),
    graceMs: 0,
  });
  await worthless.ready(async () => worthless.lastLines(1) === "ok", 5000);
  await worthless.stop();
  expect(await worthless.ended).toBe("SIGKILL");
  expect(worthless.lastLines(1)).toBe("ok");
});

test("stopAll stops in reverse, and nothing is started afterwards", async () => {
  const processes = new Processes(dir);
  const order: string[] = [];
  for (const name of ["first", "second", "third"]) {
    const running = processes.start({ name, command: "sleep", args: ["1000"] });
    void running.ended.then(() => order.push(name));
  }
  await processes.stopAll();
  expect(order).toEqual(["third", "second", "first"]);
  expect(() => processes.start({ name: "late", command: "sleep", args: ["1"] })).toThrow(
    "late is not started: the run is being stopped",
  );
});

test("runToEnd resolves on success, and otherwise throws the end of the log", async () => {
  await runToEnd(sh("exit 0"));
  await expect(runToEnd(sh("echo broken; exit 1"))).rejects.toThrow(/^program ended with code 1; .*:\nbroken$/);
});

test("runToEnd stops on abort, with all that the program started, and throws the reason", async () => {
  const abort = new AbortController();
  const run = runToEnd(sh("echo $$; sleep 1000 & sleep 1000"), abort.signal);
  const caught = run.catch((error: Error) => error.message);
  await sleep(300);
  const group = Number(readFileSync(join(dir, "program.log"), "utf8"));
  expect(isAlive(group)).toBe(true);
  expect(membersOf(group).length).toBeGreaterThanOrEqual(4);
  abort.abort(new Error("enough"));
  expect(await caught).toBe("enough");
  expect(await areGone([group], 2000)).toBe(true);
  await expect(runToEnd(sh("exit 0"), abort.signal)).rejects.toThrow("enough");
});

test("withProcesses leaves no listener behind", async () => {
  const counts = () => ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtException"].map((name) => process.listenerCount(name));
  const before = counts();
  const during = await withProcesses(dir, async () => counts());
  expect(during).toEqual(before.map((count) => count + 1));
  expect(counts()).toEqual(before);
});

/** Starts processes-parent.ts and resolves once it has told what it started. */
async function startParent(mode: string) {
  const script = join(__dirname, "processes-parent.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, mode, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const ended = once(child, "close");
  while (!/^pids .*\n/.test(out)) await Promise.race([once(child.stdout, "data"), ended]);
  const [, program = "", grandchild = ""] = /^pids (\d+) (\d+)\n/.exec(out) ?? [];
  return {
    child,
    ended,
    program: Number(program),
    grandchild: Number(grandchild),
    said: () => out.replace(/^.*\n/, ""),
  };
}

test.each([
  ["return", "value returned\n", 0],
  ["throw", "error work failed\n", 3],
  ["uncaught", "error nobody catches this\n", 3],
])("after %s everything that was started is ended before the parent ends", async (mode, said, code) => {
  const parent = await startParent(mode);
  expect((await parent.ended)[0]).toBe(code);
  expect(parent.said()).toBe(said);
  // Killed it is; the kernel takes a moment to clear it away.
  expect(await areGone([parent.program], 500)).toBe(true);
});

test("a process that exits in the middle takes everything with it", async () => {
  const parent = await startParent("exit");
  expect((await parent.ended)[0]).toBe(7);
  expect(await areGone([parent.program], 3000)).toBe(true);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s ends the run in order", async (signal) => {
  const parent = await startParent("save");
  expect(isAlive(parent.grandchild)).toBe(true);
  parent.child.kill(signal);
  expect((await parent.ended)[0]).toBe(3);
  // The work had its time to save before what it uses was stopped.
  expect(parent.said()).toBe(`saved\nerror interrupted by ${signal}\n`);
  expect(await areGone([parent.program], 500)).toBe(true);
});

test("work that does not heed its end is not waited for longer than its time", async () => {
  const parent = await startParent("deaf");
  parent.child.kill("SIGTERM");
  expect((await parent.ended)[0]).toBe(3);
  expect(parent.said()).toBe("error interrupted by SIGTERM\n");
  expect(await areGone([parent.program], 500)).toBe(true);
});

test("a second signal does not wait", async () => {
  const parent = await startParent("hang");
  const started = Date.now();
  parent.child.kill("SIGINT");
  await sleep(200);
  expect(isAlive(parent.grandchild)).toBe(true);
  parent.child.kill("SIGINT");
  expect((await parent.ended)[0]).toBe(130);
  expect(Date.now() - started).toBeLessThan(5000);
  expect(await areGone([parent.program], 2000)).toBe(true);
});

test.each(["hang", "stubborn"])("SIGKILL of the parent: %s programs go too, within seconds", async (mode) => {
  const parent = await startParent(mode);
  expect(isAlive(parent.program) && isAlive(parent.grandchild)).toBe(true);
  parent.child.kill("SIGKILL");
  await parent.ended;
  expect(await areGone([parent.program], 3000)).toBe(true);
});
