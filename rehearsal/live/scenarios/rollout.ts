import { rewriteConfig } from "../../workspace";
import type { Answer } from "../client";
import type { Session } from "../session";
import { begunOnce } from "./once";
import { faultsOf } from "./words";

const MODEL = "qwen3-32b";
const DEPLOYMENT = `/apis/apps/v1/namespaces/inference/deployments/${MODEL}`;

/** A new version of an engine that has the only GPU: requests go on meanwhile, and none is lost. */
export async function rollout(session: Session): Promise<void> {
  const { dir, stackName, settings } = session.stage.args;
  const awake = await session.ask({ model: MODEL, prompt: "Wake up.", tokens: 8 });
  session.finds(awake.complete, `${MODEL} is awake on its one GPU${faultsOf([awake])}`);
  const before = session.engines(MODEL).map(({ name }) => name);
  const answers: Promise<Answer>[] = [];
  let over = false;
  const traffic = (async () => {
    for (let number = 0; !over; number += 1) {
      const stream = number % 2 === 0;
      answers.push(session.ask({ model: MODEL, stream, tokens: 150, prompt: `During the rollout, ${number}.` }));
      await session.wait(700);
    }
  })();
  try {
    await session.wait(3000);
    const changed = structuredClone(settings) as Record<string, Record<string, { engineArgs?: string[] }>>;
    const model = changed["pilotlight:models"]?.[MODEL];
    if (model !== undefined) model.engineArgs = ["--max-num-seqs=128"];
    rewriteConfig(dir, stackName, changed);
    await session.stage.stack.up({ color: "never", signal: session.signal });
    session.observer.event(MODEL, "pulumi up with another engine flag");
    await session.eventually(
      "the new engine ready, the old one gone",
      () => {
        const now = session.engines(MODEL);
        const isNew = now.length === 1 && now.every(({ name }) => !before.includes(name));
        return isNew && session.observer.ready(MODEL) === 1;
      },
      240_000,
    );
    await session.wait(3000);
  } finally {
    over = true;
    await traffic;
  }
  const all = await Promise.all(answers);
  const now = session.engines(MODEL).map(({ name }) => name);
  session.finds(now.length === 1 && !before.includes(now[0] ?? ""), `rolled: ${before.join()} → ${now.join()}`);
  const whole = all.filter(({ complete }) => complete).length;
  session.finds(
    whole === all.length && all.length > 10,
    `${whole} of ${all.length} requests during it answered whole${faultsOf(all)}`,
  );
  begunOnce(session, (prompt) => prompt.startsWith("During the rollout"), all.length);
}

/** A replica is taken away while it generates. */
export async function scaleDown(session: Session): Promise<void> {
  const answering = session.ask({ model: MODEL, stream: true, tokens: 700, prompt: "A long answer." });
  const plain = session.ask({ model: MODEL, stream: false, tokens: 700, prompt: "A long answer at once." });
  await session.eventually("both generated", () => (session.running(MODEL) ?? 0) >= 2);
  await session.wait(2000);
  const [pod] = session.engines(MODEL);
  if (pod === undefined) throw new Error("no engine runs");
  session.observer.event(MODEL, "scaled to 0 in the middle of two answers");
  // What an impatient person does: KEDA would not.
  await session.stage.cluster.patch(DEPLOYMENT, { spec: { replicas: 0 } });
  const [stream, whole] = await Promise.all([answering, plain]);
  session.finds(
    stream.complete && stream.tokens === 700,
    `the stream came whole: ${stream.tokens} of 700 tokens${faultsOf([stream])}`,
  );
  session.finds(whole.complete, `so did the plain answer${faultsOf([whole])}`);
  await session.eventually("the replica gone", () => !session.engines(MODEL).includes(pod));
  session.finds(true, "then the replica went");
}
