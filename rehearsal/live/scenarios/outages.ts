import { begun } from "../ledger";
import type { Session } from "../session";
import { impatientRouter } from "./impatient-router";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";
const OUTAGE_MS = 60_000;
/** Several polls of KEDA, and as many scrapes. */
const SETTLED_MS = 15_000;

export async function prometheusGone(session: Session): Promise<void> {
  const awake = await session.ask({ model: MODEL, tokens: 8, prompt: "Before Prometheus goes." });
  session.finds(awake.complete, "the model is awake");
  const from = session.now();
  const asked = session.ask({ model: MODEL, stream: true, tokens: 4000, prompt: "All the while Prometheus is gone." });
  await session.stage.prometheus.stop();
  session.observer.event("Prometheus", "killed");
  await session.wait(OUTAGE_MS);
  await session.stage.prometheus.start();
  session.observer.event("Prometheus", "back");
  await session.wait(SETTLED_MS);
  // The return is the dangerous moment: KEDA's last word of any activity is older than the idle time then.
  const wanted = session.observer.samples
    .filter(({ at }) => at >= from)
    .map(({ models }) => models[MODEL]?.wanted ?? 0);
  const idle = session.stage.args.config.models[MODEL]?.idleAfter;
  session.finds(
    wanted.length > 100 && Math.min(...wanted) >= 1,
    `60 s without Prometheus and 15 s with it again: at least ${Math.min(...wanted)} replica wanted in ${wanted.length} looks, idle time ${idle} s`,
  );
  const answer = await asked;
  session.finds(answer.complete, `client saw: ${answer.tokens} of 4000 tokens${faultsOf([answer])}`);
}

export async function kedaGone(session: Session): Promise<void> {
  await session.asleep(MODEL);
  await session.stage.keda.stop();
  session.observer.event("KEDA", "operator and metrics server killed");
  const asked = session.ask({ model: MODEL, stream: true, tokens: 24, prompt: "While KEDA is gone." });
  await session.wait(OUTAGE_MS);
  session.finds(
    session.held(MODEL) === 1 && session.observer.wanted(MODEL) === 0,
    "60 s without KEDA: the request is held",
  );
  await session.stage.keda.start();
  session.observer.event("KEDA", "back");
  const answer = await asked;
  session.finds(
    answer.complete,
    `client saw: answered whole after ${answer.seconds.toFixed(0)} s, ${answer.pings} comment lines${faultsOf([answer])}`,
  );
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
        plain.status === 503 && plain.error?.includes("request TTL expired") === true,
        `client saw of the plain call: ${plain.status} after ${plain.seconds.toFixed(0)} s: ${plain.error?.slice(0, 200)}`,
      );
      session.finds(
        stream.status === 200 && stream.errorCode === "503" && stream.text === "" && stream.pings > 0,
        `client saw of the stream: ${stream.status}, ${stream.pings} comment lines, then an error with code ${stream.errorCode}: ${stream.error?.slice(0, 100)}`,
      );
      await session.asleep(MODEL);
      session.finds(session.observer.wanted(MODEL) === 0, "the replica that never came up was taken back");
      await session.eventually("GPU nodes gone", () => session.observer.gpuNodes().length === 0);
      session.finds(true, "and its node with it");
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
  const sent = session.now();
  await session.eventually("both held", () => (session.held(MODEL) ?? 0) >= 2);
  const from = session.now();
  leaving.abort();
  await Promise.all(asked);
  await session.eventually("nothing held", () => session.held(MODEL) === 0, 10_000);
  session.finds(true, `both left the queue ${(session.now() - from).toFixed(1)} s after their clients`);
  await session.wait(8000);
  const woken = session.observer.markAfter("scaled", MODEL, sent) !== undefined;
  session.notes(
    woken
      ? "KEDA had seen them: a replica comes, and goes after the idle time"
      : "KEDA had not seen them: nothing is woken",
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
    const full = refused.filter(
      ({ status, errorType, error }) =>
        status === 429 && errorType === "throttling_error" && error?.includes("queue at capacity"),
    );
    session.finds(
      full.length > 0 && full.length === refused.length,
      `clients saw: ${full.length} of ${answers.length} refused with 429, throttling_error, queue at capacity${faultsOf(refused)}`,
    );
    session.finds(
      refused.length < answers.length,
      `the ${answers.length - refused.length} that found room were answered`,
    );
  });
}
