import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Equipment, findEquipment } from "../../rehearsal/equipment";
import { Processes } from "../../rehearsal/processes";
import { type Stage, startStage } from "../../rehearsal/stage";
import { readStackFile } from "../../rehearsal/workspace";

/** A stage for one test file, with a folder of its own. */
export interface TestStage {
  readonly stage: Stage;
  readonly equipment: Equipment;
  readonly dir: string;
  readonly config: Record<string, unknown>;
  stop(): Promise<void>;
}

const quiet = () => {};

/** @param stackName stack file whose settings the stage is made for. */
export async function startTestStage(stackName = "rehearsal"): Promise<TestStage> {
  const { signal } = new AbortController();
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
  const processes = new Processes(dir);
  const { config } = readStackFile(stackName);
  const stop = async (stage?: Stage) => {
    await stage?.close();
    await processes.stopAll();
    rmSync(dir, { recursive: true });
  };
  try {
    const equipment = await findEquipment(quiet, signal);
    const stage = await startStage({ tools: equipment, processes, dir, config, say: quiet, signal });
    return { stage, equipment, dir, config, stop: () => stop(stage) };
  } catch (error) {
    await stop();
    throw error;
  }
}
