import { ended } from "../ledger";
import type { Session } from "../session";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";
const GROUPS = ["Anna", "Boris"];
const EACH = 12;

/** With two replicas, requests that begin alike go to the one that has seen the beginning; others are spread. */
export async function prefix(session: Session): Promise<void> {
  const pressure = Array.from({ length: 40 }, (_, number) =>
    session.ask({ model: MODEL, stream: true, tokens: 1200, prompt: `Pressure ${number}.` }),
  );
  await session.eventually("two replicas ready", () => session.observer.ready(MODEL) >= 2, 240_000);
  await Promise.all(pressure);
  let fewest = Number.POSITIVE_INFINITY;
  for (const name of GROUPS) {
    const beginning = `${name} writes: ${"the same long document, word for word. ".repeat(150)}`;
    await askInTurn(Array.from({ length: EACH }, (_, number) => `${beginning} Question ${number}?`));
    const most = Math.max(...podsOf(session, (prompt) => prompt.startsWith(`${name} writes`)).values());
    session.finds(most >= EACH - 1, `${most} of ${EACH} requests with one beginning went to one replica`);
  }
  await askInTurn(
    Array.from({ length: EACH }, (_, number) => `${number} is how this begins. ${"Other words follow. ".repeat(150)}`),
  );
  const spread = podsOf(session, (prompt) => /^\d+ is how this begins/.test(prompt)).size;
  session.finds(spread >= 2, `${EACH} requests with different beginnings went to ${spread} replicas`);
  session.finds(fewest >= 2, `at least ${fewest} replicas were ready at every request`);

  async function askInTurn(prompts: readonly string[]): Promise<void> {
    for (const prompt of prompts) {
      fewest = Math.min(fewest, session.observer.ready(MODEL));
      const answer = await session.ask({ model: MODEL, tokens: 8, prompt });
      if (!answer.complete) session.finds(false, `not answered${faultsOf([answer])}`);
    }
  }
}

/** Requests by the pod that answered them. */
function podsOf(session: Session, isOurs: (prompt: string) => boolean): Map<string, number> {
  const pods = new Map<string, number>();
  for (const { pod } of ended(session.pods, isOurs)) pods.set(pod, (pods.get(pod) ?? 0) + 1);
  return pods;
}
