import { writeFileSync } from "node:fs";
import { readStackFile } from "../../stacks/stack-file";
import { type Equipment, findEquipment, findLiveTools, type LiveTools } from "../equipment";
import { exitWith, inOwnFolder } from "../run";
import { readSettings } from "../settings";
import { renderReport } from "./report";
import { fromZero } from "./scenarios/from-zero";
import { Session } from "./session";
import { LiveStage } from "./stage";

async function main() {
  await inOwnFolder(async (run) => {
    const tools: Equipment & LiveTools = {
      ...(await findEquipment(() => {}, run.signal)),
      ...(await findLiveTools(() => {}, run.signal)),
    };
    const { settings, region = "" } = readSettings("live", "2026-11-25");
    const stage = await LiveStage.start({
      ...run,
      tools,
      stackName: "live",
      settings: readStackFile("live").config,
      config: settings,
      region,
      speed: 20,
    });
    const session = await Session.open(stage);
    const { asked = "from-zero" } = process.env;
    const mod = { "from-zero": fromZero } as Record<string, (s: Session) => Promise<void>>;
    for (const name of asked.split(",")) await session.part(name, () => mod[name]?.(session) ?? Promise.resolve());
    const { samples, events } = session.observer;
    for (const e of events) run.say(`${e.at.toFixed(1)} ${e.subject}: ${e.text}`);
    for (const m of session.observer.memory())
      run.say(
        `${m.program} ${(m.peakBytes / 2 ** 20).toFixed(0)} MiB of ${((m.limitBytes ?? 0) / 2 ** 20).toFixed(0)}`,
      );
    writeFileSync(
      "/tmp/live.html",
      renderReport({
        stack: "live",
        speed: 20,
        engine: "simulated",
        samples,
        events,
        coldStarts: session.coldStarts,
        outcomes: session.outcomes,
        phases: session.phases,
        memory: session.observer.memory(),
        differences: [],
      }),
    );
    await new Promise((r) => setTimeout(r, Number(process.env.HOLD ?? 0) * 1000));
    await stage.close();
    throw new Error("keep");
  });
}
main().catch((error) => {
  console.error(error);
  exitWith(error, () => false);
});
