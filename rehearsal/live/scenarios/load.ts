import { HOURS_A_MONTH } from "../../../planner/prices";
import type { Answer } from "../client";
import type { NodeSample } from "../record";
import type { Session } from "../session";
import { spending } from "../spending";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";
/** Three times what one replica is meant to serve. */
const CLIENTS = 48;
const TOKENS = 150;
const MOST_SECONDS = 180;

/** Load brings more replicas, idleness takes them all; nothing goes to and fro. */
export async function load(session: Session): Promise<void> {
  await session.asleep(MODEL);
  const { max } = session.stage.args.config.models[MODEL]?.replicas ?? { max: 1 };
  const from = session.now();
  let enough = false;
  const client = async (number: number): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (let turn = 0; !enough; turn += 1)
      answers.push(
        await session.ask({
          model: MODEL,
          stream: (number + turn) % 2 === 0,
          tokens: TOKENS,
          prompt: `Client ${number}, turn ${turn}.`,
        }),
      );
    return answers;
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  let answers: Answer[];
  try {
    await session.eventually(`${max} replicas ready`, () => session.observer.ready(MODEL) >= max, MOST_SECONDS * 1000);
    session.finds(true, `${max} replicas ready ${(session.now() - from).toFixed(0)} s after the load began`);
    await session.wait(5000);
  } finally {
    enough = true;
    answers = (await Promise.all(clients)).flat();
  }
  const most = session.observer.samples.filter(({ at }) => at >= from).map(({ nodes }) => nodes);
  const types = [...new Set(most.flat().map(({ instanceType }) => instanceType))].sort();
  session.finds(types.length > 1, `the second GPU of the order came to help: ${types.join(", ")}`);
  const over = [...new Set(most.flatMap((nodes) => overLimit(session, nodes)))];
  session.finds(
    over.length === 0,
    over.length === 0 ? "at no moment had a NodePool more GPUs than its limit" : over.join("; "),
  );
  const whole = answers.filter(({ complete }) => complete).length;
  session.finds(whole === answers.length, `${whole} of ${answers.length} answered whole${faultsOf(answers)}`);
  const idleFrom = session.now();
  session.finds(
    turns(session, from, idleFrom) === 0,
    `while the load lasted replicas only grew: ${path(session, from, idleFrom)}`,
  );

  await session.asleep(MODEL);
  const asleep = session.now();
  session.finds(
    turns(session, idleFrom, asleep) === 0,
    `afterwards they only shrank: ${path(session, idleFrom, asleep)}, ${(asleep - idleFrom).toFixed(0)} s until the last was gone`,
  );
  await session.eventually("GPU nodes gone", () => session.observer.last()?.nodes.length === 0);
  emptied(session, from, idleFrom);
}

const HOUR = 3600;
/** Seconds for what stands between the timers: KEDA's and Prometheus's turns, drains, Karpenter's decision, the machine's end. */
const MARGIN_SECONDS = 60;

/** No GPU node is left, in time, and what that saved. */
function emptied(session: Session, from: number, idleFrom: number): void {
  const { config } = session.stage.args;
  const idleAfter = config.models[MODEL]?.idleAfter ?? 0;
  const emptyFor = Math.max(...Object.values(config.gpuPools).map((pool) => ("emptyFor" in pool ? pool.emptyFor : 0)));
  const bound = idleAfter + emptyFor + MARGIN_SECONDS;
  const took = session.now() - idleFrom;
  session.finds(
    took <= bound,
    `no GPU node is left ${took.toFixed(0)} s after the last answer: idleAfter ${idleAfter} s, emptyFor ${emptyFor} s, ` +
      `and at most ${MARGIN_SECONDS} s for everything in between`,
  );
  const { spentUsd, heldUsd, mostUsdPerHour } = spending(session.observer.samples, from, from + HOUR);
  session.notes(
    `in the hour since the load began GPU nodes cost $${spentUsd.toFixed(2)}; the same nodes left on, $${heldUsd.toFixed(2)}: ` +
      `$${(heldUsd - spentUsd).toFixed(2)} are not spent, and $${mostUsdPerHour.toFixed(2)} are not in every idle hour after it ` +
      `(on-demand list prices), $${(mostUsdPerHour * HOURS_A_MONTH).toFixed(0)} a month`,
  );
}

/** Steps of a pool's capacity order that have more nodes than the pool's limit; every node here has one GPU. */
function overLimit(session: Session, nodes: readonly NodeSample[]): string[] {
  const counts = new Map<string, number>();
  for (const { gpu, capacityType } of nodes) {
    const step = `${gpu} ${capacityType}`;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return [...counts].flatMap(([step, count]) => {
    const [name = ""] = step.split(" ");
    const pool = session.stage.args.config.gpuPools[name];
    const limit = pool !== undefined && "maxGpus" in pool ? pool.maxGpus : 0;
    return count > limit ? [`${count} GPUs of ${step}, and the limit is ${limit}`] : [];
  });
}

/** What replicas were wanted, one after the other. */
function wanted(session: Session, from: number, to: number): number[] {
  const all = session.observer.samples
    .filter(({ at }) => at >= from && at <= to)
    .map(({ models }) => models[MODEL]?.wanted ?? 0);
  return all.filter((count, index) => index === 0 || count !== all[index - 1]);
}

const path = (session: Session, from: number, to: number) => wanted(session, from, to).join(" → ");

/** Changes of direction. */
function turns(session: Session, from: number, to: number): number {
  const path = wanted(session, from, to);
  const signs = path.slice(1).map((count, index) => Math.sign(count - (path[index] ?? 0)));
  return signs.slice(1).filter((sign, index) => sign !== signs[index]).length;
}
