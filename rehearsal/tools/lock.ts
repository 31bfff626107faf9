import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Does `work` while no other process does it under the same lock file. The kernel holds the lock for a helper that lives
 * as long as its stdin is open, so it is free again when this process ends, however it ends: there are no stale locks.
 * @param onWait told once, with the pid of the process that is waited for.
 */
export async function withLock<T>(
  file: string,
  onWait: (pid: string) => void,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  for (;;) {
    signal.throwIfAborted();
    const release = await tryLock(file);
    if (release !== undefined) {
      try {
        writeFileSync(file, `${process.pid}\n`);
        return await work();
      } finally {
        release();
      }
    }
    if (!told) onWait(readFileSync(file, "utf8").trim());
    told = true;
    await sleep(250);
  }
}

/** What gives the lock back, or undefined if somebody has it. */
async function tryLock(file: string): Promise<(() => void) | undefined> {
  const holder = spawn("flock", ["-n", file, "sh", "-c", "echo locked; read -r _"], {
    stdio: ["pipe", "pipe", "inherit"],
    // Ctrl-C in a terminal reaches the whole foreground group; the lock must outlive the cleaning up.
    detached: true,
  });
  const exit = once(holder, "exit").catch((error: Error) => Promise.reject(new Error(`${NEEDED}: ${error.message}`)));
  const first = await Promise.race([once(holder.stdout, "data"), exit]);
  if (String(first[0]).startsWith("locked")) return () => holder.stdin.destroy();
  const [code] = await exit;
  if (code === 1) return undefined;
  throw new Error(`${NEEDED}; it could not lock ${file} (exit code ${code})`);
}

const NEEDED = "flock, which util-linux and busybox bring, is needed so that two runs do not get the same tool at once";
