import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** The lowest port that the kernel gives away by itself, as the local end of any connection. */
export function firstEphemeralPort(range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")): number {
  return Number(/^\s*(\d+)/.exec(range)?.[1] ?? 32768);
}

/** A port to try: below those the kernel gives away, so that no connection of anybody's takes it meanwhile. */
export function candidatePort(firstEphemeral: number, random = Math.random): number {
  const [from, below] = firstEphemeral > 12_000 ? [10_000, firstEphemeral] : [61_000, 65_536];
  return from + Math.floor(random() * (below - from));
}

/** Whether nothing listens there now. */
export function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
}

/** A program found its port taken, in the moment between the look and the start. */
export class PortTaken extends Error {}

/**
 * Starts something that cannot choose a port itself (it can where it takes port 0 and says which it got).
 * A look for a free port proves nothing about the next moment, so `start` says by PortTaken that it must be another.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>, tries = 20): Promise<T> {
  for (let left = tries; ; left -= 1) {
    const port = candidatePort(firstEphemeralPort());
    try {
      if (!(await isFree(port))) throw new PortTaken(`port ${port} on 127.0.0.1 is taken`);
      return await start(port);
    } catch (error) {
      if (!(error instanceof PortTaken) || left <= 1) throw error;
    }
  }
}
