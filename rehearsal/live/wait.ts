import { setTimeout as sleep } from "node:timers/promises";

/** Longer than any program of a stage takes to be ready on a busy machine. */
const PATIENCE_MS = 120_000;

/** Waits for something that comes about by itself. @throws Error that says what did not. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  {
    signal,
    patienceMs = PATIENCE_MS,
    everyMs = 100,
  }: { signal?: AbortSignal; patienceMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const why = last instanceof Error ? `; last: ${last.message}` : "";
      throw new Error(`${what}: not within ${patienceMs / 1000} s${why}`);
    }
    await sleep(everyMs);
  }
}

/** Whether an address answers with a status below 400. */
export const answers = (url: string) => async (): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return response.status < 400;
  } catch {
    return false;
  }
};
