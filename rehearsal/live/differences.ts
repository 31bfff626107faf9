import type { StackConfig } from "../../stacks/config";
import { stackSchema } from "../../stacks/config";
import type { Difference } from "./record";

const WHY = "so that a run takes minutes";

/** The timers of a stack that are not what a stack has where nobody sets them. */
export function shippedTimers({ models, gpuPools }: StackConfig): Difference[] {
  const model = stackSchema.shape.models.valueType.shape;
  const usual = {
    idleAfter: model.idleAfter.parse(undefined),
    longestGeneration: model.longestGeneration.parse(undefined),
  };
  const pool = stackSchema.shape.gpuPools.valueType.parse({ gpu: "l40s", maxGpus: 0 });
  const usualEmptyFor = "emptyFor" in pool ? pool.emptyFor : 0;
  return [
    ...Object.entries(models).flatMap(([name, settings]) =>
      (["idleAfter", "longestGeneration"] as const).flatMap((key) =>
        timer(`models.${name}.${key}`, usual[key], settings[key]),
      ),
    ),
    ...Object.entries(gpuPools).flatMap(([name, settings]) =>
      "emptyFor" in settings ? timer(`gpuPools.${name}.emptyFor`, usualEmptyFor, settings.emptyFor) : [],
    ),
  ];
}

const timer = (what: string, ships: number, here: number): Difference[] =>
  ships === here ? [] : [{ what, ships: `${ships} s`, here: `${here} s`, why: WHY }];
