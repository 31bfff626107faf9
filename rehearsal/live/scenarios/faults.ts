import { begun } from "../ledger";
import type { Session } from "../session";
import { impatientRouter } from "./impatient-router";
import { faultsOf } from "./thousand";

const MODEL = "qwen3-8b";
const HELD = 50;

/** Asks while the model sleeps, and waits until every request is held. */
async function hold(session: Session, count: number, what: string) {
  await session.asleep(MODEL);
  const answers = Array.from({ length: count }, (_, number) =>
    session.ask({ model: MODEL, stream: number % 2 === 0, tokens: 24, prompt: `${what}, ${number}.` }),
  );
  await session.eventually(`${count} held`, () => session.held(MODEL) >= count);
  return answers;
}

/** All answered, each generated once. */
async function judge(session: Session, asked: readonly ReturnType<Session["ask"]>[], what: string) {
  const answers = await Promise.all(asked);
  const whole = answers.filter(({ complete }) => complete).length;
  session.finds(
    whole === answers.length,
    `clients saw: ${whole} of ${answers.length} answered whole${faultsOf(answers)}`,
  );
  const counts = begun(session.pods, (prompt) => prompt.startsWith(`${what}, `));
  const twice = [...counts.values()].filter((count) => count > 1).length;
  session.finds(twice === 0, `${twice} generated twice`);
}

export async function pickerRestarts(session: Session): Promise<void> {
  const asked = await hold(session, HELD, "The picker restarts");
  session.routers(MODEL)[0]?.container("epp")?.crash();
  session.observer.event(MODEL, `endpoint picker killed with ${HELD} held`);
  await judge(session, asked, "The picker restarts");
}

export async function envoyRestarts(session: Session): Promise<void> {
  const asked = await hold(session, HELD, "Envoy restarts");
  session.routers(MODEL)[0]?.container("envoy")?.crash();
  session.observer.event(MODEL, `Envoy killed with ${HELD} held`);
  await judge(session, asked, "Envoy restarts");
}

export async function gatewayRestarts(session: Session): Promise<void> {
  const asked = await hold(session, HELD, "The gateway restarts");
  session.gateways()[0]?.container("litellm")?.crash();
  session.observer.event("gateway", `LiteLLM killed with ${HELD} held`);
  const answers = await Promise.all(asked);
  const cut = answers.filter(({ error }) => error !== undefined).length;
  session.finds(cut === HELD, `clients saw: ${cut} of ${HELD} connections cut${faultsOf(answers)}`);
  const [again] = await Promise.all([
    session.eventually("the gateway back", async () => {
      const answer = await session.ask({ model: MODEL, tokens: 8, prompt: "After the gateway's restart." });
      return answer.complete ? answer : undefined;
    }),
  ]);
  session.finds(again.complete, "the same request sent again, as SDKs do by themselves, is held and answered");
  await session.eventually("nothing of the cut requests held", () => session.held(MODEL) === 0);
  session.finds(session.held(MODEL) === 0, "none of the cut requests is left in the queue");
}

export async function prometheusGone(session: Session): Promise<void> {
  const awake = await session.ask({ model: MODEL, tokens: 8, prompt: "Before Prometheus goes." });
  session.finds(awake.complete, "the model is awake");
  const from = session.now();
  const asked = session.ask({ model: MODEL, stream: true, tokens: 3000, prompt: "All the while Prometheus is gone." });
  await session.stage.prometheus.stop();
  session.observer.event("Prometheus", "killed");
  await session.wait(60_000);
  const fewest = Math.min(...since(session, from).map(({ wanted }) => wanted));
  session.finds(fewest >= 1, `60 s without Prometheus: ${fewest} replica kept (idle time ${idle(session)} s)`);
  await session.stage.prometheus.start();
  session.observer.event("Prometheus", "back");
  const answer = await asked;
  session.finds(answer.complete, `client saw: ${answer.tokens} of 3000 tokens${faultsOf([answer])}`);
}

export async function kedaGone(session: Session): Promise<void> {
  await session.asleep(MODEL);
  await session.stage.keda.stop();
  session.observer.event("KEDA", "operator and metrics server killed");
  const asked = session.ask({ model: MODEL, stream: true, tokens: 24, prompt: "While KEDA is gone." });
  await session.wait(60_000);
  session.finds(session.held(MODEL) === 1, "60 s without KEDA: the request is held");
  await session.stage.keda.start();
  session.observer.event("KEDA", "back");
  const answer = await asked;
  session.finds(
    answer.complete,
    `client saw: answered whole after ${answer.seconds.toFixed(0)} s, ${answer.pings} comment lines${faultsOf([answer])}`,
  );
}

export async function engineCrashes(session: Session): Promise<void> {
  const awake = await session.ask({ model: MODEL, tokens: 8, prompt: "Before the crash." });
  session.finds(awake.complete, "the model is awake");
  const streaming = session.ask({ model: MODEL, stream: true, tokens: 1000, prompt: "Cut by a crash." });
  const whole = session.ask({ model: MODEL, stream: false, tokens: 1000, prompt: "Cut by a crash, plain." });
  await session.eventually("both generated", () => (session.observer.last()?.models[MODEL]?.running ?? 0) >= 2);
  await session.wait(2000);
  session.engines(MODEL)[0]?.container("engine")?.crash();
  session.observer.event(MODEL, "engine killed in the middle of two answers");
  const stream = await streaming;
  session.finds(
    !stream.complete && !stream.done && stream.error !== undefined && stream.tokens > 0,
    `client saw of the stream: ${stream.tokens} tokens, then an error (${stream.error?.slice(0, 120)}), ${stream.done ? "" : "no "}[DONE]`,
  );
  const plain = await whole;
  session.finds(
    plain.complete || plain.status >= 500,
    `client saw of the plain call: ${plain.status}${plain.complete ? ", answered whole by a second try" : `, ${plain.error?.slice(0, 120)}`}`,
  );
  const after = await session.ask({ model: MODEL, stream: true, tokens: 24, prompt: "After the crash." });
  session.finds(after.complete, `the next request is answered whole${faultsOf([after])}`);
}

export async function neverReady(session: Session): Promise<void> {
  await session.asleep();
  await impatientRouter(session, MODEL, { ttlSeconds: 40 }, async () => {
    session.stage.runtime.broken.add(MODEL);
    try {
      const [stream, plain] = await Promise.all([
        session.ask({ model: MODEL, stream: true, tokens: 24, prompt: "For an engine that never comes up." }),
        session.ask({ model: MODEL, stream: false, tokens: 24, prompt: "For an engine that never comes up, plain." }),
      ]);
      session.finds(
        plain.status === 503,
        `client saw of the plain call: ${plain.status} after ${plain.seconds.toFixed(0)} s: ${plain.error?.slice(0, 160)}`,
      );
      session.finds(
        stream.error !== undefined && stream.tokens === 0 && stream.pings > 0,
        `client saw of the stream: ${stream.status}, ${stream.pings} comment lines, then an error: ${stream.error?.slice(0, 160)}`,
      );
      await session.asleep(MODEL);
      session.finds(session.observer.wanted(MODEL) === 0, "the replica that never came up was taken back");
      await session.eventually("GPU nodes gone", () => session.observer.gpuNodes().length === 0);
      session.finds(session.observer.gpuNodes().length === 0, "and its node with it");
    } finally {
      session.stage.runtime.broken.delete(MODEL);
    }
  });
}

export async function clientLeaves(session: Session): Promise<void> {
  await session.asleep(MODEL);
  const leaving = new AbortController();
  const asked = [true, false].map((stream) =>
    session.ask({ model: MODEL, stream, tokens: 24, prompt: "Nobody waits for this.", signal: leaving.signal }),
  );
  await session.eventually("both held", () => session.held(MODEL) >= 2);
  const from = session.now();
  leaving.abort();
  await Promise.all(asked);
  await session.eventually("nothing held", () => session.held(MODEL) === 0, 30_000);
  session.finds(true, `both left the queue within ${(session.now() - from).toFixed(1)} s of their clients' leaving`);
  await session.wait(4000);
  const woken = session.observer.markAfter("scaled", MODEL, from - 5) !== undefined;
  session.finds(
    true,
    woken ? "a replica had been asked for already: it goes after the idle time" : "nothing was woken",
  );
  await session.asleep(MODEL);
  const generated = begun(session.pods, (prompt) => prompt === "Nobody waits for this.").size;
  session.finds(generated === 0, `${generated} of them generated`);
}

export async function queueFull(session: Session): Promise<void> {
  await session.asleep();
  await impatientRouter(session, MODEL, { ttlSeconds: 600, maxBytes: "64Ki" }, async () => {
    const long = "All work and no play. ".repeat(900);
    const asked = Array.from({ length: 6 }, (_, number) =>
      session.ask({ model: MODEL, stream: false, tokens: 8, prompt: `${long} ${number}` }),
    );
    const answers = await Promise.all(asked);
    const refused = answers.filter(({ complete }) => !complete);
    const full = refused.filter(({ status }) => status === 429);
    session.finds(
      full.length > 0 && full.length === refused.length,
      `clients saw: ${full.length} of ${answers.length} refused with 429${faultsOf(refused)}`,
    );
    const held = answers.filter(({ complete }) => complete).length;
    session.finds(held > 0, `the ${held} that found room were answered`);
  });
}

interface Wanted {
  readonly wanted: number;
}

const since = (session: Session, from: number): Wanted[] =>
  session.observer.samples.filter(({ at }) => at >= from).map(({ models }) => ({ wanted: models[MODEL]?.wanted ?? 0 }));
const idle = (session: Session) => session.stage.args.config.models[MODEL]?.idleAfter ?? 0;
