import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_SPEED } from "../live/options";
import { rehearseLive } from "../live/outside";
import type { LiveRecord } from "../live/record";
import { LIVE_STACK } from "../options";
import type { Run } from "../run";

/** Seconds of a cold start by stage, and what the way to the engine costs, in one run. */
export async function benchLive(run: Run): Promise<unknown> {
  const json = join(run.dir, "record.json");
  await rehearseLive({
    ...run,
    stackName: LIVE_STACK,
    today: new Date().toISOString().slice(0, 10),
    options: {
      parts: ["from-zero", "overhead"],
      speed: DEFAULT_SPEED,
      engine: "simulated",
      keep: false,
      port: 0,
      report: join(run.dir, "report.html"),
      json,
    },
  });
  const { coldStarts, figures, phases, memory } = JSON.parse(readFileSync(json, "utf8")) as LiveRecord;
  return { coldStarts, figures, memory, findings: phases.flatMap(({ findings }) => findings.map(({ text }) => text)) };
}
