import type { Answer } from "../client";
import type { Container } from "../node/container";
import type { PodProcess } from "../node/pod";
import type { Session } from "../session";
import { begunOnce } from "./once";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";
const HELD = 50;

/** The one container of that name. @throws Error where there is none, so that no fault is played that never happened. */
function containerOf(pods: readonly PodProcess[], name: string): Container {
  const [container, ...others] = pods.flatMap((pod) => pod.container(name) ?? []);
  if (container === undefined || others.length > 0)
    throw new Error(`there are ${others.length} containers ${name} too many or one too few`);
  return container;
}

/** Kills a program, and makes sure that it was and that it came back. */
async function crash(session: Session, pods: readonly PodProcess[], name: string, awayMs = 0): Promise<void> {
  const container = containerOf(pods, name);
  const before = container.restarts;
  container.crash(awayMs);
  session.observer.event(name, "killed");
  await session.eventually(`${name} started again`, () => container.restarts > before, awayMs + 60_000);
  session.observer.event(name, "started again");
}

/** Asks while the model sleeps, and waits until every request is held. */
async function hold(session: Session, what: string): Promise<Promise<Answer>[]> {
  await session.asleep(MODEL);
  const answers = Array.from({ length: HELD }, (_, number) =>
    session.ask({ model: MODEL, stream: number % 2 === 0, tokens: 24, prompt: `${what}, ${number}.` }),
  );
  await session.eventually(`${HELD} held`, () => (session.held(MODEL) ?? 0) >= HELD);
  return answers;
}

/** All answered, each generated once. */
async function judge(session: Session, asked: readonly Promise<Answer>[], what: string): Promise<void> {
  const answers = await Promise.all(asked);
  const whole = answers.filter(({ complete }) => complete).length;
  session.finds(
    whole === answers.length,
    `clients saw: ${whole} of ${answers.length} answered whole${faultsOf(answers)}`,
  );
  begunOnce(session, (prompt) => prompt.startsWith(`${what}, `), HELD);
}

export async function pickerRestarts(session: Session): Promise<void> {
  const asked = await hold(session, "The picker restarts");
  await crash(session, session.routers(MODEL), "epp");
  await judge(session, asked, "The picker restarts");
}

export async function envoyRestarts(session: Session): Promise<void> {
  const asked = await hold(session, "Envoy restarts");
  await crash(session, session.routers(MODEL), "envoy");
  await judge(session, asked, "Envoy restarts");
}

export async function gatewayRestarts(session: Session): Promise<void> {
  const asked = await hold(session, "The gateway restarts");
  await crash(session, session.gateways(), "litellm");
  const answers = await Promise.all(asked);
  const cut = answers.filter(({ error }) => error !== undefined).length;
  session.finds(cut === HELD, `clients saw: ${cut} of ${HELD} connections cut${faultsOf(answers)}`);
  await session.eventually("the gateway reached again", async () => {
    const response = await fetch(new URL("/v1/models", session.client.baseUrl), {
      headers: { authorization: `Bearer ${session.key}` },
      signal: AbortSignal.timeout(5000),
    });
    return response.ok;
  });
  await session.eventually("a reading of the queue without them", () => session.held(MODEL) === 0);
  session.finds(true, "none of the cut requests is left in the queue");
  const again = await session.ask({ model: MODEL, tokens: 24, prompt: "The gateway restarts, 0." });
  session.finds(again.complete, `one of them sent again is answered whole${faultsOf([again])}`);
}

/** The picker dies while answers are under way, and stays away for longer than the idle time. */
export async function pickerDies(session: Session): Promise<void> {
  const idleMs = (session.stage.args.config.models[MODEL]?.idleAfter ?? 0) * 1000;
  const awake = await session.ask({ model: MODEL, tokens: 8, prompt: "Before the picker dies." });
  session.finds(awake.complete, "the model is awake");
  const from = session.now();
  const streaming = session.ask({ model: MODEL, stream: true, tokens: 1000, prompt: "Cut by the picker." });
  await session.eventually("it is generated", () => (session.running(MODEL) ?? 0) >= 1);
  await session.wait(2000);
  const back = crash(session, session.routers(MODEL), "epp", idleMs + 15_000);
  const stream = await streaming;
  session.finds(
    !stream.complete && !stream.done && stream.error !== undefined && stream.text !== "",
    `client saw of the stream: some of it, then an error (${stream.error?.slice(0, 100)}), ${stream.done ? "" : "no "}[DONE]`,
  );
  await back;
  const samples = session.observer.samples.filter(({ at }) => at >= from);
  const fewest = Math.min(...samples.map(({ models }) => models[MODEL]?.wanted ?? 0));
  session.finds(
    fewest >= 1,
    `${(idleMs / 1000 + 15).toFixed(0)} s without the picker: at least ${fewest} replica wanted, idle time ${idleMs / 1000} s`,
  );
  const after = await session.ask({ model: MODEL, stream: true, tokens: 24, prompt: "After the picker's death." });
  session.finds(after.complete, `the next request is answered whole${faultsOf([after])}`);
}

export async function engineCrashes(session: Session): Promise<void> {
  const awake = await session.ask({ model: MODEL, tokens: 8, prompt: "Before the crash." });
  session.finds(awake.complete, "the model is awake");
  const streaming = session.ask({ model: MODEL, stream: true, tokens: 1000, prompt: "Cut by a crash." });
  const whole = session.ask({ model: MODEL, stream: false, tokens: 1000, prompt: "Cut by a crash, plain." });
  await session.eventually("both generated", () => (session.running(MODEL) ?? 0) >= 2);
  await session.wait(2000);
  await crash(session, session.engines(MODEL), "engine");
  const stream = await streaming;
  session.finds(
    !stream.complete && !stream.done && stream.error !== undefined && stream.text !== "",
    `client saw of the stream: ${stream.tokens} pieces, then an error (${stream.error?.slice(0, 120)}), ${stream.done ? "" : "no "}[DONE]`,
  );
  const plain = await whole;
  session.finds(plain.status === 503, `client saw of the plain call: ${plain.status}, ${plain.error?.slice(0, 120)}`);
  const after = await session.ask({ model: MODEL, stream: true, tokens: 24, prompt: "After the crash." });
  session.finds(after.complete, `the next request is answered whole${faultsOf([after])}`);
}
