import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";

const ROOT = join(__dirname, "..", "..");
/** Folder for temporary files of these runs alone: what other rehearsals of the machine do is none of their business. */
const TEMPORARY = mkdtempSync(join(tmpdir(), "pilotlight-cli-"));
afterAll(() => rmSync(TEMPORARY, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** The rehearsal as a user starts it. */
function rehearse(...args: string[]): {
  child: ChildProcess;
  ended: Promise<Ended>;
  said: (what: RegExp) => Promise<void>;
} {
  const child = spawn(process.execPath, ["--import", "tsx", "rehearsal/cli.ts", ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: TEMPORARY },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  const ended = new Promise<Ended>((done) => child.once("close", (code) => done({ code, text })));
  const said = async (what: RegExp) => {
    while (!what.test(text) && child.exitCode === null) await sleep(100);
    if (!what.test(text)) throw new Error(`ended before it said ${what}:\n${text}`);
  };
  return { child, ended, said };
}

/** Command lines of running programs that belong to a folder of these runs. */
function programs(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      return command.includes(TEMPORARY) || environment.includes(TEMPORARY) ? [command] : [];
    } catch {
      return [];
    }
  });
}

async function nothingRuns(): Promise<void> {
  for (let tries = 0; tries < 250 && programs().length > 0; tries++) await sleep(100);
  expect(programs()).toEqual([]);
}

test("killed half-way it leaves no process, and run again it ends 0", async () => {
  const first = rehearse();
  await first.said(/resources so far/);
  expect(programs().length).toBeGreaterThan(0);
  first.child.kill("SIGKILL");
  await first.ended;
  await nothingRuns();

  const second = await rehearse().ended;
  expect(second.text).toMatch(/left behind: nothing/);
  expect(second.code).toBe(0);
  await nothingRuns();
});

test("Ctrl-C ends it with 130, and leaves no process", async () => {
  const { child, ended, said } = rehearse();
  await said(/resources so far/);
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  await nothingRuns();
});

test("two at once do not collide", async () => {
  const both = await Promise.all([rehearse("--stack", "dev").ended, rehearse("--stack", "dev").ended]);
  for (const { code, text } of both) expect(code, text).toBe(0);
  await nothingRuns();
});

test.each([
  ["SIGKILL", ["SIGKILL"], null],
  ["Ctrl-C twice", ["SIGINT", "SIGINT"], 130],
] as const)("a live stage leaves no process after %s", async (_, signals, expected) => {
  const { child, ended, said } = rehearse("--live", "--part", "from-zero");
  await said(/From zero/);
  expect(programs().some((command) => command.includes("inside.ts"))).toBe(true);
  for (const signal of signals) {
    child.kill(signal);
    await sleep(300);
  }
  expect((await ended).code).toBe(expected);
  await nothingRuns();
});

test.each([
  [["--stack", "prd"], /there is no stack file stacks\/Pulumi\.prd\.yaml; --stack can be: .*dev/],
  [["--stak", "dev"], /Unknown option '--stak'/],
])("a wrong command line (%j) ends with 2 and says what is right", async (args, message) => {
  const { code, text } = await rehearse(...args).ended;
  expect(text).toMatch(message);
  expect(code).toBe(2);
});
