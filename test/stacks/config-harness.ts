import { ConfigError, type Fault } from "../../components/errors";
import { parseStack } from "../../stacks/config-read";
import type { Surroundings } from "../../stacks/config-rules";
import { readStackFile } from "../../stacks/stack-file";

/*
 * A right configuration to be made wrong, and what is told of it.
 */

export const AROUND: Surroundings = { region: "us-east-1", today: "2026-11-24", running: false, aws: {} };
export const COMMIT = "b968826d9c46dd6066d109eabc6255188de91218";

/** The settings of a stack file as the program gets them, its documentation range filled in. */
export const stackFile = (name: string): Record<string, unknown> => ofProject(readStackFile(name).config);

/** Of all settings of a stack file those of the project. */
export const ofProject = (config: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith("pilotlight:"))
      .map(([key, value]) => [key.slice("pilotlight:".length), value]),
  );

/** A small right configuration, to be made wrong in one place. */
export const right = () => ({
  cluster: { zones: ["us-east-1a", "us-east-1b"] } as Record<string, unknown>,
  gpuPools: { l40s: { gpu: "l40s", maxGpus: 2 } } as Record<string, Record<string, unknown>>,
  models: {
    qwen: { source: `hf://Qwen/Qwen3-8B@${COMMIT}`, contextLength: "32k", gpu: "l40s" } as Record<string, unknown>,
  },
  endpoint: {} as Record<string, unknown>,
  network: {} as Record<string, unknown>,
  gateway: {} as Record<string, unknown>,
  drivers: {} as Record<string, unknown>,
  tags: {} as Record<string, string>,
});

export function faults(raw: unknown, around: Partial<Surroundings> = {}): readonly Fault[] {
  try {
    parseStack(raw, { ...AROUND, ...around });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

export const told = (raw: unknown, around: Partial<Surroundings> = {}) =>
  faults(raw, around).map(({ path, message }) => `${path}: ${message}`);

export type Right = ReturnType<typeof right>;
export const changed = (change: (config: Right) => void) => {
  const config = right();
  change(config);
  return config;
};

/** A right configuration on a cluster that is there already. */
export const adopted = () => ({
  cluster: { adopt: { context: "mine" } },
  gpuPools: {
    l40s: {
      gpu: "l40s",
      nodeSelector: { "nvidia.com/gpu.product": "L40S" },
      allocatable: { cpu: 14, memory: "100Gi" } as { cpu: number; memory: string },
    },
  } as Record<string, Record<string, unknown>>,
  models: right().models as Record<string, Record<string, unknown>>,
});
