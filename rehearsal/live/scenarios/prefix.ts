import { ended } from "../ledger";
import type { Session } from "../session";
import { faultsOf } from "./thousand";

const MODEL = "qwen3-8b";
const GROUPS = ["Anna", "Boris"];
const EACH = 12;

/** With two replicas, requests that begin alike go to the one that has seen the beginning. */
export async function prefix(session: Session): Promise<void> {
  const pressure = Array.from({ length: 40 }, (_, number) =>
    session.ask({ model: MODEL, stream: true, tokens: 1200, prompt: `Pressure ${number}.` }),
  );
  await session.eventually("two replicas ready", () => session.observer.ready(MODEL) >= 2, 240_000);
  await Promise.all(pressure);
  for (const name of GROUPS) {
    const document = `${name} writes: ${"the same long document, word for word. ".repeat(150)}`;
    for (let number = 0; number < EACH; number += 1) {
      const answer = await session.ask({ model: MODEL, tokens: 8, prompt: `${document} Question ${number}?` });
      if (!answer.complete) session.finds(false, `not answered${faultsOf([answer])}`);
    }
    const pods = new Map<string, number>();
    for (const { pod } of ended(session.pods, (prompt) => prompt.startsWith(`${name} writes`)))
      pods.set(pod, (pods.get(pod) ?? 0) + 1);
    const most = Math.max(...pods.values());
    session.finds(
      most >= EACH - 1,
      `${most} of ${EACH} requests with one beginning went to one replica of ${session.observer.ready(MODEL)}`,
    );
  }
}
