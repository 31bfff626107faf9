import { plannedDelays } from "../delays";
import type { ColdStart } from "../record";
import type { Session } from "../session";

/** Everything sleeps; a streaming and a plain call come, wait, and are answered. */
export async function fromZero(session: Session): Promise<void> {
  const model = "qwen3-8b";
  await session.asleep();
  const nodesBefore = session.observer.gpuNodes().length;
  session.finds(nodesBefore === 0, `no GPU node runs (${nodesBefore})`);
  const sent = session.now();
  const streaming = session.ask({ model, stream: true, tokens: 48, prompt: "A stream, please." });
  const plain = session.ask({ model, stream: false, tokens: 32, prompt: "The whole answer at once, please." });
  const [stream, whole] = await Promise.all([streaming, plain]);

  session.finds(
    stream.status === 200 && stream.complete,
    `stream: ${stream.status}, ${stream.tokens} of 48 tokens, ${stream.done ? "[DONE]" : "no end mark"}${stream.error ? `, ${stream.error}` : ""}`,
  );
  session.finds(stream.pings > 0, `stream: ${stream.pings} comment lines while it was held`);
  session.finds(
    whole.status === 200 && whole.complete,
    `plain: ${whole.status}, ${whole.tokens} of 32 tokens${whole.error ? `, ${whole.error}` : ""}`,
  );
  const coldStart = session.observer.coldStart(model, sent, sent + (stream.firstTokenSeconds ?? stream.seconds));
  session.coldStarts.push(withPlan(session, coldStart));
  const names = coldStart.stages.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`);
  session.finds(coldStart.stages.length >= 6, `stages: ${names.join(", ")}`);
  // Seconds are for `npm run bench -- live` to judge: here counts the order.
  const scaled = session.observer.markAfter("scaled", model, sent);
  const ready = session.observer.markAfter("ready", model, sent);
  const answered = sent + (stream.firstTokenSeconds ?? Number.NaN);
  session.finds(
    scaled !== undefined && ready !== undefined && sent <= scaled && scaled <= ready && ready <= answered,
    "asked, scaled, ready, answered: in this order",
  );
  session.notes(`the Deployment was scaled ${((scaled ?? Number.NaN) - sent).toFixed(1)} s after the request`);
  session.notes(`the first token came ${(answered - (ready ?? Number.NaN)).toFixed(1)} s after the engine was Ready`);
}

/** The same with the planner's seconds of what was compressed. Pools of the live stack are called like their GPU. */
function withPlan(session: Session, start: ColdStart): ColdStart {
  const { config } = session.stage.args;
  const model = config.models[start.model];
  const [node] = session.observer.gpuNodes();
  if (model === undefined || node?.gpu === undefined) return start;
  const { bootMs, deviceMs, pullMs, loadMs } = plannedDelays(start.model, model, node.gpu, config);
  const planned: Readonly<Record<string, number>> = {
    boot: bootMs,
    "device plugin": deviceMs,
    "image pull": pullMs,
    "engine loads": loadMs,
  };
  const stages = start.stages.map((stage) => {
    const ms = planned[stage.name];
    return ms === undefined ? stage : { ...stage, plannedSeconds: ms / 1000 };
  });
  return { ...start, stages };
}
