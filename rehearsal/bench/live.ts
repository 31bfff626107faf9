import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_SPEED } from "../live/options";
import { rehearseLive } from "../live/outside";
import type { LiveRecord } from "../live/record";
import { LIVE_STACK } from "../options";
import type { Run } from "../run";

/** What a cold start may take of what is real: seconds, by the stage that ends it. */
const BOUNDS = {
  "router, Prometheus and KEDA notice": 5,
  "router sends it on, first token": 1,
} as const;

/** Seconds of a cold start by stage, and what the way to the engine costs, in one run. @throws Error if a finding fails. */
export async function benchLive(run: Run): Promise<unknown> {
  const json = join(run.dir, "record.json");
  const shown = await rehearseLive({
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
  if (!shown) throw new Error("figures of a stage on which something failed are worth nothing");
  const { coldStarts, figures, phases, memory } = JSON.parse(readFileSync(json, "utf8")) as LiveRecord;
  const stages = coldStarts.flatMap((start) => start.stages);
  const bounds = Object.entries(BOUNDS).map(([name, atMost]) => {
    const seconds = stages.find((stage) => stage.name === name)?.seconds;
    return { name, seconds, atMost, within: seconds !== undefined && seconds <= atMost };
  });
  return { bounds, coldStarts, figures, memory, notes: phases.flatMap(({ notes = [] }) => notes) };
}
