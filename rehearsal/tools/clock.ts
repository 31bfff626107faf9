/** How long something took, as people say it: `7 s`, `3 min 19 s`. */
export function took(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return rest === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${rest} s`;
}

/** Says how far something is while it lasts: one line every `everyMs`, with the time gone by. */
export async function whileWaiting<T>(
  line: (soFar: string) => string,
  say: (line: string) => void,
  work: () => Promise<T>,
  everyMs = 10_000,
): Promise<T> {
  const started = Date.now();
  const timer = setInterval(() => say(line(took(Date.now() - started))), everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
