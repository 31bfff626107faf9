import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { Interrupted, type Processes, withProcesses } from "./processes";
import { disown, makeRunFolder, removeOrphaned } from "./run-folders";

/** What a run has for itself: a folder, and processes that end with it. */
export interface Run {
  readonly dir: string;
  readonly processes: Processes;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** When this process began, in ms since 1970. */
export const started = Date.now();

/** Lines of progress with the seconds since `from`, in ms since 1970. */
export const sayer =
  (from: number, print: (line: string) => void) =>
  (line: string): void => {
    const seconds = (Date.now() - from) / 1000;
    print(`${seconds.toFixed(1).padStart(6)} s  ${line}`);
  };

/** One line of progress, with the seconds since the start. */
export const say = sayer(started, (line) => console.log(line));

/**
 * Does `work` in a folder that is gone afterwards, and ends what it started. After a failure the folder stays, for its
 * logs, and its name is told.
 */
export async function inOwnFolder(work: (run: Run) => Promise<void>): Promise<void> {
  for (const orphaned of removeOrphaned(tmpdir())) say(`removed ${orphaned}, which a killed run had left`);
  const dir = makeRunFolder(tmpdir());
  const remove = () => rmSync(dir, { recursive: true, force: true });
  // A second Ctrl-C waits for nothing; this is what is left to do then.
  process.once("exit", remove);
  let keep = false;
  try {
    await withProcesses(dir, (processes, signal) => work({ dir, processes, say, signal }));
  } catch (error) {
    disown(dir);
    keep = !(error instanceof Interrupted) && readdirSync(dir).length > 0;
    if (keep) console.error(`logs: ${dir}`);
    throw error;
  } finally {
    process.off("exit", remove);
    if (!keep) remove();
  }
}

/** Ends the process with what `main` threw: 2 for a wrong command line, 130 for an interruption, 1 for everything else. */
export function exitWith(error: unknown, isUsage: (error: unknown) => boolean): void {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = isUsage(error) ? 2 : error instanceof Interrupted ? 130 : 1;
}
