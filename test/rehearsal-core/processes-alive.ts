import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** State and process group, from Linux's own list. A zombie that nobody has waited for yet runs no more. */
function statOf(pid: number): { alive: boolean; group: number } | undefined {
  try {
    const [, state = "", , group] =
      /^\d+ \(.*\) (\S) (\d+) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return { alive: !"ZX".includes(state), group: Number(group) };
  } catch {
    return undefined;
  }
}

export const isAlive = (pid: number): boolean => statOf(pid)?.alive ?? false;

/** Every process of a group, the shell that guards it among them. */
export const membersOf = (group: number): number[] =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => {
      const stat = statOf(pid);
      return stat?.alive && stat.group === group;
    });

/** Whether nothing of these groups is left within that time. */
export async function areGone(groups: readonly number[], withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  const left = () => groups.flatMap(membersOf).length;
  while (left() > 0 && Date.now() < until) await sleep(20);
  return left() === 0;
}
