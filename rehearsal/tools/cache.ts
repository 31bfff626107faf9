import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "./lock";

/** Where tools are kept between runs; no run writes anywhere else but into its own folder. */
export function cacheFolder(env: NodeJS.ProcessEnv, home: string): string {
  if (env.PILOTLIGHT_CACHE) return env.PILOTLIGHT_CACHE;
  return join(env.XDG_CACHE_HOME || join(home, ".cache"), "pilotlight");
}

/** A short name for contents: a changed pin is another name, and so made anew. */
export function keyOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  // The length keeps `ab` + `c` apart from `a` + `bc`.
  for (const part of parts) hash.update(`${part.length}\n`).update(part);
  return hash.digest("hex").slice(0, 12);
}

/**
 * Makes a folder of the cache and those above it, one by one: `recursive` never comes to an end below /proc (Node 20).
 * @throws Error that says what to set.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST")
      throw new Error(`the cache cannot be written (${message}); set PILOTLIGHT_CACHE to a folder that can`);
  }
}

const MARK = ".complete";

export const isComplete = (folder: string): boolean => existsSync(join(folder, MARK));

export interface Entry<T> {
  /** Its folder in the cache, named after its contents. */
  readonly folder: string;
  /** Puts everything into that folder, which is empty. */
  readonly fill: (folder: string) => Promise<T>;
  readonly onWait: (pid: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Fills an entry of the cache unless it is there. Only a complete one counts, two runs fill it once, and a failed or
 * interrupted one is removed; what a killed run has left is thrown away by the next.
 * @returns what `fill` gave, or undefined if nothing was to do.
 */
export async function ensure<T>({ folder, fill, onWait, signal }: Entry<T>): Promise<T | undefined> {
  if (isComplete(folder)) return undefined;
  makeFolder(dirname(folder));
  return withLock(`${folder}.lock`, onWait, signal, async () => {
    if (isComplete(folder)) return undefined;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    try {
      const made = await fill(folder);
      signal.throwIfAborted();
      writeFileSync(join(folder, MARK), "");
      return made;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  });
}
