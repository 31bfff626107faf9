const PAUSE_MS = 100;

/** Asks again and again until there is an answer, or nothing when the time is over. */
export async function until<T>(seconds: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() >= end) return answer;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
