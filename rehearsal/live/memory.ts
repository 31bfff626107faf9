import { readFileSync } from "node:fs";

/** What the kernel says of a process's memory. */
function field(pid: number | undefined, name: "VmHWM" | "VmRSS"): number | undefined {
  try {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

/** The most bytes that a process has had; nothing once it is gone. */
export const peakBytes = (pid: number | undefined) => field(pid, "VmHWM");

/** Bytes that it has now. */
export const residentBytes = (pid: number | undefined) => field(pid, "VmRSS");

/** A size in Kubernetes' notation. */
export function bytesOf(size: string | undefined): number | undefined {
  const [, number, unit = ""] = /^(\d+)(Ki|Mi|Gi)?$/.exec(size ?? "") ?? [];
  return number === undefined
    ? undefined
    : Number(number) * { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[unit as ""];
}
