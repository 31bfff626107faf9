import { setTimeout as sleep } from "node:timers/promises";
import { isGone, isInUse, type Kind, type Search } from "./sweep-account";
import { KINDS, listKind, type Managed, type OfStack } from "./sweep-list";

/*
 * Deletes what an account holds of a stack beside what Pulumi's state has. Repeatable: it looks again each time.
 */

export interface Patience {
  /** Milliseconds until what was asked to go has to be gone, for each kind. */
  readonly kindMs: number;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
}

/** A GPU instance needs minutes to end; the interfaces of a load balancer follow it within some. */
const PATIENCE: Patience = { kindMs: 15 * 60_000, everyMs: 5000 };

export interface Sweeping {
  readonly search: Search;
  /** What is left alone. */
  readonly managed: Managed;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

export const nameOf = ({ kind, id, name }: OfStack): string =>
  `${kind.name} ${id}${name === undefined || name === "" || name === id ? "" : ` (${name})`}`;

/** @throws Error that names what did not go, and why. */
export async function deleteLeftovers(sweeping: Sweeping): Promise<void> {
  for (const kind of KINDS) if (kind.remove !== undefined) await deleteKind(kind, kind.remove, sweeping);
}

/** Until none is left: AWS lets go of things late, and tells of them later still. */
async function deleteKind(
  kind: Kind,
  remove: NonNullable<Kind["remove"]>,
  { search, managed, say, signal, patience = PATIENCE }: Sweeping,
): Promise<void> {
  const deadline = Date.now() + patience.kindMs;
  const told = new Set<string>();
  for (;;) {
    signal?.throwIfAborted();
    const left = (await listKind(kind, search, managed)).filter((one) => !one.managed);
    if (left.length === 0) return;
    const reasons: string[] = [];
    for (const one of left) {
      if (!told.has(one.id)) say(`deleting ${nameOf(one)}`);
      told.add(one.id);
      const reason = await attempt(() => remove(search, one));
      reasons.push(`${nameOf(one)}: ${reason ?? "asked to go, and still there"}`);
    }
    if (Date.now() > deadline)
      throw new Error(`the account still holds, after ${patience.kindMs / 60_000} minutes:\n  ${reasons.join("\n  ")}`);
    await sleep(patience.everyMs, undefined, signal ? { signal } : {});
  }
}

/** @returns why it has to wait, if so. */
async function attempt(remove: () => Promise<void>): Promise<string | undefined> {
  try {
    await remove();
    return undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    if (isInUse(error)) return error instanceof Error ? error.message : String(error);
    throw error;
  }
}
