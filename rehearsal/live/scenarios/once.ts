import { begun } from "../ledger";
import type { Session } from "../session";

/** Finds that the engines began so many of the prompts that are ours, and none of them more than once. */
export function begunOnce(session: Session, isOurs: (prompt: string) => boolean, wanted: number): void {
  const counts = begun(session.pods, isOurs);
  const twice = [...counts.values()].filter((count) => count > 1).length;
  session.finds(
    counts.size === wanted && twice === 0,
    `the engines began ${counts.size} of them, ${twice} more than once`,
  );
}
