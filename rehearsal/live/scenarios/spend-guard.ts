import type { GuardAnswer, GuardStatus } from "../../../guard/answer";
import { GPU_POOL_TAG } from "../../../guard/tags";
import { items, type Props, service, text } from "../../doubles/aws/table";
import { tagOf } from "../boot/machines";
import type { Session } from "../session";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";
const ec2 = service("ec2");
const ssm = service("ssm");
/** How long Karpenter gets to undo a switch-off: it tries again every few seconds. */
const OFF_MS = 25_000;

/** The deployed spend guard against what the real Karpenter launched: a lease that ends, spending past a limit, a wake. */
export async function spendGuard(session: Session): Promise<void> {
  const { account, where, guard } = session.stage;
  await awake(session, "Before the lease ends.");
  await guard.judged(account, where, true);
  try {
    const before = await machines(session);
    await ended(session);
    await wake(session, await off(session, await guard.run({ action: "check" }), before, "lease"));
    await gone(session);
    await awake(session, "Before the limit is passed.");
    const cheap = { limitUsdPerHour: 0.5 };
    session.differs({
      what: "limit of the spend guard, in one check of this part",
      ships: `$${guard.settings.limitUsdPerHour} an hour`,
      here: `$${cheap.limitUsdPerHour} an hour`,
      why: "a stack within its settings does not pass its own",
    });
    const running = await machines(session);
    await wake(session, await off(session, await guard.run({ action: "check" }, cheap), running, "limit"));
  } finally {
    await guard.run({ action: "wake" });
    await guard.judged(account, where, false);
  }
}

async function awake(session: Session, prompt: string): Promise<void> {
  const answer = await session.ask({ model: MODEL, stream: true, tokens: 16, prompt });
  session.finds(answer.complete, `awake: ${session.observer.gpuNodes().length} GPU node${faultsOf([answer])}`);
}

const gone = (session: Session) =>
  session.eventually("GPU nodes gone", () => session.observer.gpuNodes().length === 0, 180_000);

/** The lease's end is put into the past: nobody waits for 12 hours. */
async function ended(session: Session): Promise<void> {
  const { account, where, guard } = session.stage;
  const state = { leaseUntil: new Date(Date.now() - 60_000).toISOString() };
  const params = { Name: guard.settings.stateParameter, Value: JSON.stringify(state), Overwrite: true };
  await account.call(ssm("PutParameter", params), where);
}

interface Machines {
  readonly gpu: readonly string[];
  readonly other: readonly string[];
}

/** Ids of the instances that run, those with GPUs of the stack and all others. */
async function machines({ stage: { account, where } }: Session): Promise<Machines> {
  const running = [{ Name: "instance-state-name", Values: ["pending", "running"] }];
  const { Reservations } = await account.call(ec2("DescribeInstances", { Filters: running }), where);
  const all = items(Reservations).flatMap(({ Instances }) => items(Instances));
  const ids = (of: (instance: Props) => boolean) => all.filter(of).map((one) => text(one, "InstanceId"));
  const hasGpu = (instance: Props) => tagOf(instance, GPU_POOL_TAG) !== undefined;
  return { gpu: ids(hasGpu), other: ids((instance) => !hasGpu(instance)) };
}

/** Off: no GPU instance is left, nothing else is touched, and Karpenter cannot start another, although a request waits. */
async function off(session: Session, answer: GuardAnswer, before: Machines, why: string): Promise<Waiting> {
  const { guard } = session.stage;
  const { off: is } = statusIn(answer);
  session.finds(
    is !== undefined && before.gpu.length > 0,
    `switched off at ${before.gpu.length} running: ${is?.detail}`,
  );
  await session.eventually(
    "engines gone",
    () => session.engines(MODEL).length === 0 && session.observer.ready(MODEL) === 0,
  );
  const waiting = session.ask({ model: MODEL, stream: true, tokens: 16, prompt: `While off, ${why}.` });
  await session.eventually("a pod that waits for a node", () => session.observer.wanted(MODEL) > 0);
  const from = session.now();
  let most = 0;
  // What was under way when the denial came is ended by the next check, as every five minutes.
  await guard.run({ action: "check" });
  while (session.now() - from < OFF_MS / 1000) {
    most = Math.max(most, (await machines(session)).gpu.length);
    await session.wait(1000);
  }
  const after = await machines(session);
  session.finds(
    most === 0,
    `no GPU instance ran in the ${OFF_MS / 1000} s after, although a request is held and its pod waits`,
  );
  session.finds(
    before.other.every((id) => after.other.includes(id)),
    `${after.other.length} other instances go on`,
  );
  session.finds((session.held(MODEL) ?? 0) > 0, "the request is still held");
  return { waiting };
}

/** A request that waits for a wake. */
interface Waiting {
  readonly waiting: ReturnType<Session["ask"]>;
}

async function wake(session: Session, { waiting }: Waiting): Promise<void> {
  const { off: is, faults } = statusIn(await session.stage.guard.run({ action: "wake" }));
  session.finds(is === undefined && faults.length === 0, `woken${faults.map((fault) => `; ${fault}`).join("")}`);
  const answer = await waiting;
  session.finds(answer.complete, `the held request is answered whole${faultsOf([answer])}`);
}

function statusIn(answer: GuardAnswer): GuardStatus {
  if ("refused" in answer) throw new Error(`the spend guard refused: ${answer.refused}`);
  return answer.status;
}
