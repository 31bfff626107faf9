import { Client } from "../client";
import { residentBytes } from "../memory";
import type { PodProcess } from "../node/pod";
import type { WayFigures } from "../record";
import type { Session } from "../session";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";
const HELD = 500;
/** Requests one after the other, and by so many clients at once. */
const ROUNDS = [
  { clients: 1, requests: 60 },
  { clients: 16, requests: 320 },
] as const;

/** What the way to the engine costs: memory for each request that is held, time for each that passes. */
export async function overhead(session: Session): Promise<void> {
  await session.asleep();
  await heldBytes(session);
  const [engine] = session.engines(MODEL);
  const [router] = session.routers(MODEL);
  const ways = [
    { way: "engine directly", client: clientOf(session, engine, 8000) },
    { way: "Envoy and picker", client: clientOf(session, router, 8081) },
    { way: "LiteLLM, Envoy and picker", client: session.client },
  ];
  for (const { clients, requests } of ROUNDS) {
    // Turn by turn, so that what else the machine does falls on all alike.
    const figures = await measureInTurns(session, ways, clients, requests);
    const [direct] = figures;
    for (const one of figures) {
      session.figures.push(one);
      const more = one.p50Ms - (direct?.p50Ms ?? 0);
      session.notes(
        `${clients} at a time, ${one.way}: p50 ${one.p50Ms.toFixed(0)} ms (${more >= 0 ? "+" : ""}${more.toFixed(0)}), p99 ${one.p99Ms.toFixed(0)} ms, ${one.requestsPerSecond.toFixed(0)} requests a second`,
      );
    }
  }
}

const clientOf = (session: Session, pod: PodProcess | undefined, port: number) =>
  new Client(`http://${pod?.address}:${port}/v1`, () => session.now());

async function measureInTurns(
  session: Session,
  ways: readonly { readonly way: string; readonly client: Client }[],
  clients: number,
  requests: number,
): Promise<WayFigures[]> {
  const turns = 4;
  const seconds = ways.map((): number[] => []);
  const spent = ways.map(() => 0);
  for (let turn = 0; turn < turns; turn += 1)
    for (const [index, { client }] of ways.entries()) {
      const from = session.now();
      await Promise.all(
        Array.from({ length: clients }, async (_, number) => {
          for (let count = 0; count < requests / turns / clients; count += 1) {
            const prompt = `Turn ${turn}, way ${index}, client ${number}, request ${count}.`;
            const answer = await client.ask({
              model: MODEL,
              stream: false,
              tokens: 8,
              prompt,
              key: session.key,
              phase: session.current,
            });
            if (answer.complete) seconds[index]?.push(answer.seconds);
            else session.finds(false, `not answered${faultsOf([answer])}`);
          }
        }),
      );
      spent[index] = (spent[index] ?? 0) + session.now() - from;
    }
  return ways.map(({ way }, index) => {
    const all = (seconds[index] ?? []).sort((a, b) => a - b);
    const at = (share: number) => (all[Math.min(all.length - 1, Math.floor(share * all.length))] ?? Number.NaN) * 1000;
    return { way, clients, p50Ms: at(0.5), p99Ms: at(0.99), requestsPerSecond: all.length / (spent[index] ?? 1) };
  });
}

/** Memory of the programs with nothing held and with many, by the requests between. */
async function heldBytes(session: Session): Promise<void> {
  // On a node that is still there the engine would be up before all of them are held.
  await session.eventually("GPU nodes gone", () => session.observer.last()?.nodes.length === 0, 240_000);
  const before = memory(session);
  const asked = Array.from({ length: HELD }, (_, number) =>
    session.ask({ model: MODEL, stream: number % 2 === 0, tokens: 8, prompt: `Held, ${number}.` }),
  );
  await session.eventually(`${HELD} held`, () => (session.held(MODEL) ?? 0) >= HELD);
  const full = memory(session);
  const answers = await Promise.all(asked);
  const whole = answers.filter(({ complete }) => complete).length;
  session.finds(whole === HELD, `${whole} of ${HELD} held requests answered whole${faultsOf(answers)}`);
  for (const [program, bytes] of full) {
    const each = (bytes - (before.get(program) ?? 0)) / HELD;
    session.notes(`${program}: ${(each / 1024).toFixed(0)} KiB for each held request`);
  }
}

function memory(session: Session): Map<string, number> {
  const programs = [
    ["LiteLLM", session.gateways()[0]?.container("litellm")?.pid],
    ["Envoy", session.routers(MODEL)[0]?.container("envoy")?.pid],
    ["picker", session.routers(MODEL)[0]?.container("epp")?.pid],
  ] as const;
  return new Map(programs.map(([name, pid]) => [name, residentBytes(pid) ?? 0]));
}
