import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Equipment, findEquipment } from "../../rehearsal/equipment";
import { Processes } from "../../rehearsal/processes";
import { type Stage, startStage } from "../../rehearsal/stage";
import { readStackFile } from "../../stacks/stack-file";

/** A stage for one test file, with a folder of its own. */
export interface TestStage {
  readonly stage: Stage;
  readonly equipment: Equipment;
  readonly dir: string;
  readonly config: Record<string, unknown>;
  /** Objects of the API server that were not there before, without what helm leaves on purpose. */
  newObjects(before: ReadonlySet<string>): Promise<string[]>;
  /** What kubectl says on the stage's cluster. @param input given to it, for `-f -`. */
  kubectl(args: readonly string[], input?: string): string;
  stop(): Promise<void>;
}

const quiet = () => {};

/** @param config settings that the stage is made for. */
export async function startTestStage(config = readStackFile("rehearsal").config): Promise<TestStage> {
  const { signal } = new AbortController();
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-test-"));
  const processes = new Processes(dir);
  const stop = async (stage?: Stage) => {
    await stage?.close();
    await processes.stopAll();
    rmSync(dir, { recursive: true });
  };
  try {
    const equipment = await findEquipment(quiet, signal);
    const stage = await startStage({ tools: equipment, processes, dir, config, say: quiet, signal });
    const newObjects = async (before: ReadonlySet<string>) => {
      const kept = new Set(stage.keptCrds().map((name) => `CustomResourceDefinition ${name}`));
      return (await stage.objects.names()).filter((name) => !before.has(name) && !kept.has(name));
    };
    const kubectl = (args: readonly string[], input = "") => {
      const flags = ["--kubeconfig", join(dir, "control-plane", "kubeconfig"), "--cache-dir", join(dir, "kubectl")];
      return execFileSync(equipment.kubectl, [...flags, ...args], { input, encoding: "utf8" });
    };
    return { stage, equipment, dir, config, newObjects, kubectl, stop: () => stop(stage) };
  } catch (error) {
    await stop();
    throw error;
  }
}
