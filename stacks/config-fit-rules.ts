import type { Fault } from "../components/errors";
import { DEFAULT_COLD_START_SECONDS, holdFaults } from "../planner/hold";
import type { Readable } from "./config-rules";
import { expectationOf, holdRequestOf } from "./expectations";

/** Faults of models that cannot work: too big for a pool's GPUs or nodes, or held for too short or too long. */
export function fitRules({ models = {}, gpuPools, drivers, allPools }: Readable): Fault[] {
  const settings = gpuPools !== undefined && drivers !== undefined && allPools ? { gpuPools, drivers } : undefined;
  return Object.entries(models).flatMap(([name, model]) => {
    const expectation = settings && expectationOf(name, model, settings);
    const hold = settings
      ? holdRequestOf(name, model, settings)
      : {
          coldStartSeconds: DEFAULT_COLD_START_SECONDS,
          longestGenerationSeconds: model.longestGeneration,
          holdSeconds: model.hold,
        };
    const unfit = (expectation?.pools ?? []).flatMap(({ pool, gpu, faults, alternatives }) => {
      const path = `models.${name}.gpu[${model.gpu.indexOf(gpu)}]`;
      const fix = alternatives.length > 0 ? `; would fit: ${alternatives.join(", or ")}` : "";
      return faults.length > 0 ? [{ path, message: `does not fit pool ${pool}: ${faults.join("; ")}${fix}` }] : [];
    });
    return [...unfit, ...holdFaults(hold).map((message) => ({ path: `models.${name}.hold`, message }))];
  });
}
