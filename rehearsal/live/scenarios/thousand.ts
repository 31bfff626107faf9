import { ended } from "../ledger";
import type { Session } from "../session";
import { begunOnce } from "./once";
import { faultsOf } from "./words";

const REQUESTS = 1000;
const TOKENS = 16;

/** A thousand requests of twenty clients for two models that sleep. */
export async function thousand(session: Session): Promise<void> {
  await session.asleep();
  const models = Object.keys(session.stage.args.config.models);
  const keys = Object.values(session.keys);
  // Until all have arrived: a machine that is slow to send them would have answered the first by then.
  await pause(session, models, true);
  const prompts = Array.from({ length: REQUESTS }, (_, number) => `Request ${number + 1} of a thousand.`);
  // Models change with each request, ways with every second, keys with every fourth: each key asks both models both ways.
  const asked = prompts.map((prompt, number) =>
    session.ask({
      model: models[number % models.length] ?? "",
      stream: Math.floor(number / models.length) % 2 === 0,
      key: keys[Math.floor(number / (2 * models.length)) % keys.length] ?? "",
      prompt,
      tokens: TOKENS,
    }),
  );
  try {
    const held = () => models.reduce((sum, model) => sum + (session.held(model) ?? 0), 0);
    await session.eventually("all of them held", () => held() >= REQUESTS, 180_000);
    session.finds(true, `${held()} held at the same time`);
  } finally {
    await pause(session, models, false);
  }
  const answers = await Promise.all(asked);

  const whole = answers.filter(({ complete }) => complete);
  session.finds(whole.length === REQUESTS, `${whole.length} of ${REQUESTS} answered whole${faultsOf(answers)}`);
  session.finds(keys.length >= 20, `${keys.length} keys, ${models.length} models`);
  begunOnce(session, (prompt) => prompts.includes(prompt), REQUESTS);
  const generated = ended(session.pods, (prompt) => prompts.includes(prompt));
  const tokens = generated.reduce((sum, one) => sum + one.tokens, 0);
  session.finds(
    tokens === REQUESTS * TOKENS,
    `the engines generated ${tokens} tokens; ${REQUESTS * TOKENS} were asked for`,
  );
  const way = session.observer.memory().filter(({ program }) => /^(epp|envoy|litellm)/.test(program));
  session.finds(
    way.length === 1 + 2 * models.length,
    `memory of ${way.map(({ program }) => program).join(", ")} is known`,
  );
  for (const { program, peakBytes, limitBytes = 0 } of way)
    session.finds(
      peakBytes < limitBytes,
      `${program}: at most ${mib(peakBytes)} MiB of the ${mib(limitBytes)} MiB that its chart grants`,
    );
}

/** KEDA's own way to keep a model at zero for a while. */
async function pause(session: Session, models: readonly string[], paused: boolean): Promise<void> {
  const annotations = { "autoscaling.keda.sh/paused-replicas": paused ? "0" : null };
  for (const model of models)
    await session.stage.cluster.patch(`/apis/keda.sh/v1alpha1/namespaces/inference/scaledobjects/${model}`, {
      metadata: { annotations },
    });
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
