import { setCapacity } from "../karpenter";
import type { Session } from "../session";
import { faultsOf } from "./words";

const MODEL = "qwen3-8b";

/** No L40S is to be had: first not on the spot market, then not at all. */
export async function capacity(session: Session): Promise<void> {
  const { account, where } = session.stage;
  try {
    await session.asleep(MODEL);
    await gone(session);
    await setCapacity(account, where, [{ type: "g6e.*", capacity: "spot" }]);
    session.observer.event("AWS", "no spot capacity for g6e");
    await wake(session, "g6e", "on-demand");
    await session.asleep(MODEL);
    await gone(session);
    await setCapacity(account, where, [{ type: "g6e.*" }]);
    session.observer.event("AWS", "no capacity at all for g6e");
    await wake(session, "g5", "on-demand");
  } finally {
    await setCapacity(account, where, []);
  }
}

const gone = (session: Session) => session.eventually("GPU nodes gone", () => session.observer.gpuNodes().length === 0);

async function wake(session: Session, family: string, capacityType: string): Promise<void> {
  const answer = await session.ask({ model: MODEL, stream: true, tokens: 24, prompt: "From whatever GPU there is." });
  session.finds(answer.complete, `answered whole after ${answer.seconds.toFixed(0)} s${faultsOf([answer])}`);
  const found = session.observer.gpuNodes();
  const types = found.map(({ instanceType, capacityType: of }) => `${instanceType} ${of}`);
  const right = found.some((node) => node.instanceType.startsWith(`${family}.`) && node.capacityType === capacityType);
  session.finds(right, `on ${types.join(", ")}`);
}
