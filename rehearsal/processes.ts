import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a program may take to end in order before it is killed. */
const GRACE_MS = 5000;
/** How long interrupted work may take to end in order, with what it started still there: the engine saves its state. */
const SETTLE_MS = 10_000;

/*
 * Every child leads a process group of its own, in which a second shell waits for the end of a pipe that this process
 * holds open. When this process goes, however it goes (SIGKILL too), the kernel closes the pipe and the shell ends the
 * group: first in order, then by force. Nothing but sh is needed, and the program itself keeps pid, signals and exit code.
 */
const GUARDED = `
tenths=$1; shift
{ trap '' TERM INT HUP
  read -r _ <&3
  [ $tenths -gt 0 ] && kill -TERM 0
  while [ $tenths -gt 0 ] && kill -0 $$; do sleep 0.1; tenths=$((tenths-1)); done
  kill -KILL 0
} >/dev/null 2>&1 &
exec "$@" 3<&-`;

export interface ProcessArgs {
  /** Names the log file, and the process in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Its whole environment; left out: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** File that stdout and stderr go to. */
  readonly log: string;
  /** How long it may take to end in order; 0 for one with nothing to save, which is killed at once. @default 5000 */
  readonly graceMs?: number;
}

/** A program that ended without being asked to, or did not become ready; the message has the end of its log. */
export class ProcessError extends Error {}

/** A running program, and everything that it starts in its group. */
export class Running {
  /** Resolves when the program is gone, with how it ended: `code 1` or `SIGTERM`. */
  readonly ended: Promise<string>;
  private how: string | undefined;

  private constructor(
    readonly args: ProcessArgs,
    private readonly child: ChildProcess,
    /** Where its part of the log begins; what came before is of an earlier start. */
    private readonly logFrom: number,
  ) {
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.how = how;
        // What the program itself left in its group, and the shell that guards it.
        this.signal("SIGKILL");
        child.stdio[3]?.destroy();
        resolve(how);
      };
      child.once("exit", (code, signal) => end(signal ?? `code ${code}`));
      child.once("error", (error) => end(error.message));
    });
  }

  static start(args: ProcessArgs): Running {
    const log = openSync(args.log, "a", 0o600);
    const logFrom = fstatSync(log).size;
    const tenths = String(Math.ceil((args.graceMs ?? GRACE_MS) / 100));
    try {
      const child = spawn("/bin/sh", ["-c", GUARDED, "sh", tenths, args.command, ...args.args], {
        cwd: args.cwd,
        env: args.env ?? process.env,
        stdio: ["ignore", log, log, "pipe"],
        detached: true,
      });
      return new Running(args, child, logFrom);
    } finally {
      closeSync(log);
    }
  }

  /** Its id, which is that of its group too. */
  get pid(): number {
    return this.child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.how !== undefined;
  }

  /** The end of its log. */
  lastLines(count = 15): string {
    const text = readFileSync(this.args.log).subarray(this.logFrom).toString("utf8");
    return text.trimEnd().split("\n").slice(-count).join("\n");
  }

  /**
   * Waits until `probe`, which must give up by itself, is true.
   * @throws ProcessError as soon as the program ends, or when `deadlineMs` have gone by.
   */
  async ready(probe: () => Promise<boolean>, deadlineMs: number, signal?: AbortSignal): Promise<void> {
    const started = Date.now();
    const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
    for (;;) {
      signal?.throwIfAborted();
      if (this.hasEnded) throw this.error(`ended with ${this.how} before it was ready`);
      if (await probe()) return;
      if (Date.now() - started > deadlineMs) throw this.error(`was not ready after ${seconds()}`);
      await Promise.race([sleep(50), this.ended]);
    }
  }

  /** Ends the whole group: asks, waits, kills. Resolves when the program is gone. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const graceMs = this.args.graceMs ?? GRACE_MS;
    if (graceMs > 0) this.signal("SIGTERM");
    const late = setTimeout(() => this.signal("SIGKILL"), graceMs);
    await this.ended;
    clearTimeout(late);
  }

  /** Ends the group at once; for the last moment, in which nothing can be waited for. */
  kill(): void {
    if (!this.hasEnded) this.signal("SIGKILL");
  }

  error(what: string): ProcessError {
    return new ProcessError(`${this.args.name} ${what}; the end of ${this.args.log}:\n${this.lastLines()}`);
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      // The group is gone already.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Everything that one run has started. Stopping happens in reverse: what came last leans on what came first. */
export class Processes {
  private readonly started: Running[] = [];
  private stopping = false;

  /** @param dir folder of the log files; it exists. */
  constructor(readonly dir: string) {}

  start(args: Omit<ProcessArgs, "log">): Running {
    if (this.stopping) throw new ProcessError(`${args.name} is not started: the run is being stopped`);
    const running = Running.start({ ...args, log: join(this.dir, `${args.name}.log`) });
    this.started.push(running);
    return running;
  }

  /** Of those that have not ended. */
  get pids(): number[] {
    return this.started.filter(({ hasEnded }) => !hasEnded).map(({ pid }) => pid);
  }

  async stopAll(): Promise<void> {
    this.stopping = true;
    for (const running of [...this.started].reverse()) await running.stop();
  }

  killAll(): void {
    this.stopping = true;
    for (const running of this.started) running.kill();
  }
}

/** Runs a program to its end. @throws ProcessError if it fails; the signal's reason if it was stopped by it. */
export async function runToEnd(args: ProcessArgs, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const running = Running.start(args);
  const stop = () => void running.stop();
  signal?.addEventListener("abort", stop, { once: true });
  const how = await running.ended;
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
  if (how !== "code 0") throw running.error(`ended with ${how}`);
}

/** The run was asked to end. */
export class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
  }
}

const ENDING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Does `work` and stops all that it started, whether it returns, throws, is interrupted, or something throws where nobody
 * catches. A second signal does not wait any more.
 */
export async function withProcesses<T>(
  dir: string,
  work: (processes: Processes, signal: AbortSignal) => Promise<T>,
  settleMs = SETTLE_MS,
): Promise<T> {
  const processes = new Processes(dir);
  const ending = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (!ending.signal.aborted) return ending.abort(new Interrupted(signal));
    console.error(`interrupted twice by ${signal}: everything is ended at once`);
    processes.killAll();
    process.exit(130);
  };
  const onUncaught = (error: unknown) => {
    // While a program of the user's runs, the engine's own listener reports such errors as that program's.
    if (process.listenerCount("uncaughtException") === 1) ending.abort(error);
  };
  for (const signal of ENDING) process.on(signal, onSignal);
  process.on("uncaughtException", onUncaught);
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    ending.signal.addEventListener("abort", () => {
      late = setTimeout(() => reject(ending.signal.reason), settleMs);
    });
  });
  try {
    return await Promise.race([work(processes, ending.signal), tooLate]);
  } finally {
    clearTimeout(late);
    await processes.stopAll();
    for (const signal of ENDING) process.off(signal, onSignal);
    process.off("uncaughtException", onUncaught);
    // Whatever the work made of its interruption, the interruption is what happened.
    ending.signal.throwIfAborted();
  }
}
