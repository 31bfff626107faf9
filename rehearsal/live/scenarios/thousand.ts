import type { Answer } from "../client";
import { begun, ended } from "../ledger";
import type { Session } from "../session";

const REQUESTS = 1000;
const TOKENS = 16;

/** A thousand requests of twenty clients for two models that sleep. */
export async function thousand(session: Session): Promise<void> {
  await session.asleep();
  const models = Object.keys(session.stage.args.config.models);
  const keys = Object.values(session.keys);
  const prompts = Array.from({ length: REQUESTS }, (_, number) => `Request ${number + 1} of a thousand.`);
  const asked = prompts.map((prompt, number) => {
    const model = models[number % models.length] ?? "";
    const key = keys[number % keys.length] ?? "";
    return session.ask({ model, key, prompt, tokens: TOKENS, stream: Math.floor(number / models.length) % 2 === 0 });
  });
  const held = session
    .eventually(
      "most of them held",
      () => models.reduce((sum, model) => sum + session.held(model), 0) >= REQUESTS * 0.9,
    )
    .catch(() => undefined);
  const answers = await Promise.all(asked);
  await held;

  const whole = answers.filter(({ complete }) => complete);
  session.finds(whole.length === REQUESTS, `${whole.length} of ${REQUESTS} answered whole${faultsOf(answers)}`);
  session.finds(keys.length >= 20, `${keys.length} keys, ${models.length} models`);
  const peak = Math.max(
    ...session.observer.samples.map(({ models: all }) => Object.values(all).reduce((sum, one) => sum + one.held, 0)),
  );
  session.finds(peak >= REQUESTS * 0.9, `${peak} held at the same time`);
  const counts = begun(session.pods, (prompt) => prompts.includes(prompt));
  const twice = [...counts.values()].filter((count) => count > 1).length;
  session.finds(
    counts.size === REQUESTS && twice === 0,
    `the engines began ${counts.size} of them, ${twice} more than once`,
  );
  const generated = ended(session.pods, (prompt) => prompts.includes(prompt));
  const tokens = generated.reduce((sum, one) => sum + one.tokens, 0);
  session.finds(
    tokens === REQUESTS * TOKENS,
    `the engines generated ${tokens} tokens; ${REQUESTS * TOKENS} were asked for`,
  );
  for (const { program, peakBytes, limitBytes } of session.observer.memory())
    if (limitBytes !== undefined && /epp|envoy|litellm/.test(program))
      session.finds(
        peakBytes < limitBytes,
        `${program}: at most ${mib(peakBytes)} MiB; its chart grants ${mib(limitBytes)} MiB`,
      );
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);

/** The first few things that went wrong, in words. */
export function faultsOf(answers: readonly Answer[]): string {
  const faults = new Map<string, number>();
  for (const { complete, status, tokens, error, done, stream } of answers)
    if (!complete) {
      const text = error ?? `${status}, ${tokens} tokens${stream && !done ? ", no end mark" : ""}`;
      faults.set(text, (faults.get(text) ?? 0) + 1);
    }
  const told = [...faults].slice(0, 4).map(([text, count]) => `${count} × ${text.slice(0, 160)}`);
  return told.length === 0 ? "" : `; ${told.join("; ")}`;
}
