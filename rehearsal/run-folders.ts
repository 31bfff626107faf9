import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/*
 * Folders of runs: each says whose it is, so that what a killed run could not remove is removed by the next one.
 */

const PREFIX = "pilotlight-rehearsal-";
/** File that names the owner; of a folder without it nobody knows whether it is in use. */
const OWNER = "owner.json";

interface Owner {
  readonly pid: number;
  /** A pid is given again; with the time at which its process began it is not. */
  readonly start: string;
  /** Boot and pid namespace: only there the pid means anything. */
  readonly where: string;
}

/** Makes a folder below `parent` that belongs to this process. Nobody else can read it: it holds token and state. */
export function makeRunFolder(parent: string): string {
  const dir = mkdtempSync(join(parent, PREFIX));
  const where = here();
  const start = where && startOf(process.pid);
  if (start !== undefined && where !== undefined)
    writeFileSync(join(dir, OWNER), JSON.stringify({ pid: process.pid, start, where } satisfies Owner), {
      mode: 0o600,
    });
  return dir;
}

/** From now on the folder is the user's, who removes it. */
export function disown(dir: string): void {
  rmSync(join(dir, OWNER), { force: true });
}

/** Removes the folders below `parent` that are this user's and whose owner was killed. @returns their names. */
export function removeOrphaned(parent: string): string[] {
  const where = here();
  if (where === undefined) return [];
  return readdirSync(parent)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(parent, name))
    .filter((dir) => isOwnFolder(dir) && isOrphaned(dir, where))
    .filter(remove);
}

function isOwnFolder(dir: string): boolean {
  // A link is followed by nobody here: what it leads to is no run's folder.
  const found = lstatSync(dir, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

function isOrphaned(dir: string, where: string): boolean {
  const owner = ownerOf(dir);
  if (owner?.where !== where) return false;
  try {
    return startOf(owner.pid) !== owner.start;
  } catch {
    // It cannot be told, so it may live.
    return false;
  }
}

function ownerOf(dir: string): Owner | undefined {
  try {
    const owner: Partial<Owner> = JSON.parse(readFileSync(join(dir, OWNER), "utf8"));
    const { pid, start, where } = owner;
    return typeof pid === "number" && typeof start === "string" && typeof where === "string"
      ? { pid, start, where }
      : undefined;
  } catch {
    // None, or half written: its run may just be beginning.
    return undefined;
  }
}

/** The owner's file goes last: what cannot be removed now, because a program is still ending in it, the next run removes. */
function remove(dir: string): boolean {
  try {
    for (const name of readdirSync(dir))
      if (name !== OWNER) rmSync(join(dir, name), { recursive: true, force: true, maxRetries: 3 });
    rmSync(dir, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** When a process began, in ticks since the machine's start; undefined where none with this id runs. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything. After it come the state and, as the 20th field, the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie runs no more.
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}

/** Undefined where the kernel does not say: not on Linux. */
function here(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}
