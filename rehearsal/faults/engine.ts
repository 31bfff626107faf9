import { readdirSync, readFileSync } from "node:fs";

/** Ids of the processes whose environment has this setting, as text of the form `NAME=value`. */
function processesWith(setting: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(setting) ? [Number(name)] : [];
    } catch {
      // It has ended meanwhile, or is somebody else's.
      return [];
    }
  });
}

/**
 * Ends this run's engine and all that it started at once, as a power cut would.
 * @param home PULUMI_HOME of the run. @returns how many processes there were.
 */
export function killEngine(home: string): number {
  const pids = processesWith(`PULUMI_HOME=${home}`).filter((pid) => pid !== process.pid);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return pids.length;
}
