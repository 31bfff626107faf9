import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readStackFile } from "../../stacks/stack-file";
import { findEquipment, findLiveTools } from "../equipment";
import { Interrupted, withProcesses } from "../processes";
import { type Run, sayer } from "../run";
import { readSettings } from "../settings";
import { findingHere } from "../tools";
import { findVllm } from "../tools/vllm";
import { shippedTimers } from "./differences";
import type { Ready, ToInside } from "./messages";
import { SHORTCOMING } from "./outside";
import type { LiveRecord } from "./record";
import { renderReport } from "./report";
import { relaySocket } from "./sandbox";
import { SCENARIOS, type ScenarioName } from "./scenarios";
import { Session } from "./session";
import { LiveStage } from "./stage";
import { startView } from "./view";

/*
 * The inside of a live rehearsal: the first process of its namespaces. What it is to do comes as its first message; when
 * the process outside goes, however it goes, this one does too, and everything in here with it.
 */

/** How long an orderly end may take where the process outside is gone. */
const ORPHAN_MS = 10_000;

type Play = Extract<ToInside, { type: "play" }>;

process.once("message", (message: Play) => {
  play(message).then(
    (holds) => process.exit(holds ? 0 : SHORTCOMING),
    (error: unknown) => {
      if (!(error instanceof Interrupted)) console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
});

async function play({ stackName, dir, today, options, began }: Play): Promise<boolean> {
  const view = startView(process.stdout, process.stdout.isTTY === true);
  const say = sayer(began, (line) => view.line(line));
  try {
    return await withProcesses(dir, async (processes, interrupted) => {
      const stopping = new AbortController();
      const signal = AbortSignal.any([interrupted, stopping.signal]);
      const stop = () => stopping.abort(new Interrupted("SIGTERM"));
      process.on("message", stop);
      process.on("disconnect", () => {
        stop();
        // Nobody is there to wait for an orderly end, nor to clear up after it.
        setTimeout(() => process.exit(1), ORPHAN_MS).unref();
        process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
      });
      const run: Run = { dir, processes, say, signal };
      const quiet = () => undefined;
      const tools = { ...(await findEquipment(quiet, signal)), ...(await findLiveTools(quiet, signal)) };
      const { settings: config, region = "" } = readSettings(stackName, today);
      const { config: settings } = readStackFile(stackName);
      const { speed } = options;
      const vllm = options.engine === "vllm" ? await findVllm(findingHere(quiet, signal)) : undefined;
      const stage = await LiveStage.start({ ...run, tools, stackName, settings, config, region, speed, vllm });
      const session = await Session.open(stage, options.engine);
      try {
        session.observer.onSample = (sample) => view.show(sample, session.observer.events);
        process.send?.(await invitation(stage, session, dir));
        for (const name of options.parts) {
          const { title, play: part } = SCENARIOS[name as ScenarioName];
          await session.part(title, () => part(session));
        }
        write(session);
        if (options.keep && !signal.aborted)
          await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
        return session.phases.every(({ findings }) => findings.every(({ holds }) => holds));
      } finally {
        session.observer.stop();
        await stage.close();
      }
    });
  } finally {
    view.end();
  }

  function write(session: Session): void {
    if (session.phases.length === 0) return;
    const { observer, phases, coldStarts, outcomes, figures, differences } = session;
    const record: LiveRecord = {
      stack: stackName,
      speed: options.speed,
      engine: options.engine,
      samples: observer.samples,
      events: observer.events,
      coldStarts,
      outcomes,
      phases,
      memory: observer.memory(),
      figures,
      differences: [...shippedTimers(session.stage.args.config), ...differences],
    };
    writeFileSync(options.report, renderReport(record));
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(record)}\n`);
    const findings = phases.flatMap((phase) => phase.findings);
    const missed = phases.flatMap(({ name, findings: all }) =>
      all.filter(({ holds }) => !holds).map(({ text }) => `${name}: ${text}`),
    );
    for (const one of missed) say(`NOT SHOWN  ${one}`);
    say(`${findings.length - missed.length} of ${findings.length} findings hold; the report: ${options.report}`);
  }
}

/** Ways in, for the process outside. */
async function invitation(stage: LiveStage, session: Session, dir: string): Promise<Ready> {
  const { server } = stage.plain;
  const [gatewaySocket, apiSocket] = [join(dir, "gateway.sock"), join(dir, "api.sock")];
  const gateway = new URL(session.client.baseUrl);
  const api = new URL(server.url);
  await relaySocket(gatewaySocket, { host: gateway.hostname, port: Number(gateway.port) });
  await relaySocket(apiSocket, { host: api.hostname, port: Number(api.port) });
  const { token, caData } = server;
  const models = Object.keys(stage.args.config.models);
  return { type: "ready", gatewaySocket, apiSocket, keys: session.keys, token, caData, models };
}
