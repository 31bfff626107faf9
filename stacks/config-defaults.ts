import { z } from "zod";
import { unfitReason } from "../planner/fit-request";
import { isRecord } from "../planner/record";
import { type GpuPoolConfig, type ModelConfig, stackSchema } from "./config";
import { shapeOf } from "./expectations";
import { stackModel } from "./planning";
import { poolsOf } from "./pools";

/*
 * What the planner chooses where the user has chosen nothing. Everything else has its default in the schema.
 */

/** GPUs of a replica, the fewest first: powers of two, as attention heads divide. */
const REPLICA_SIZES = [1, 2, 4, 8] as const;

/** The fewest GPUs with which the model fits every pool that could take it, or undefined where none do or nothing is known. */
function fewestGpus(model: ModelConfig, gpuPools: Readonly<Record<string, GpuPoolConfig>>): number | undefined {
  const shape = shapeOf(model);
  if (shape === undefined) return undefined;
  const { format, contextTokens, memory } = stackModel("", model, { gpuPools, drivers: { from: "ami" } });
  return REPLICA_SIZES.find((tensorParallel) => {
    const pools = poolsOf({ ...model, gpusPerReplica: tensorParallel }, gpuPools);
    const gpus = new Set(pools.map(([, { gpu }]) => gpu));
    const fits = pools.every(
      ([, { gpu }]) => unfitReason({ shape, format, contextTokens, ...memory, gpu, tensorParallel }) === undefined,
    );
    return fits && model.gpu.every((gpu) => gpus.has(gpu));
  });
}

/** The settings with `gpusPerReplica` filled in where it is left out and a number is known that fits. */
export function withPlannedDefaults(raw: Record<string, unknown>): Record<string, unknown> {
  const { models, gpuPools } = stackSchema.shape;
  // A pool whose name alone is wrong is a pool all the same.
  const pools = z.record(z.string(), gpuPools.valueType).safeParse(raw.gpuPools);
  if (!isRecord(raw.models) || !pools.success) return raw;
  const filled = Object.entries(raw.models).map(([name, model]) => {
    const read = models.valueType.safeParse(model);
    if (!isRecord(model) || model.gpusPerReplica !== undefined || !read.success) return [name, model] as const;
    const gpusPerReplica = fewestGpus(read.data, pools.data);
    return [name, gpusPerReplica === undefined ? model : { ...model, gpusPerReplica }] as const;
  });
  return { ...raw, models: Object.fromEntries(filled) };
}
