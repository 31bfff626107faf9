import { describe, expect, test } from "vitest";
import {
  calibrate,
  compareFirstToken,
  compareToken,
  MAX_FIRST_TOKEN_CONCURRENCY,
  type Measured,
  patternSearch,
} from "../../planner/calibrate";
import { GPUS } from "../../planner/gpus";
import { MODELS } from "../../planner/models";
import { timePerOutputToken, timeToFirstToken, type Workload } from "../../planner/speed";
import { CONSTANT_NAMES, CONSTANT_RANGES, PRIOR_CONSTANTS, SPEED_CONSTANTS } from "../../planner/speed-constants";

describe("pattern search", () => {
  test("finds the lowest point of a valley that runs across the axes, and of one with a corner", () => {
    const valley = ([x = 0, y = 0]: readonly number[]) => (x + y - 1) ** 2 + 0.1 * (x - y - 3) ** 2;
    const [x, y] = patternSearch(valley, [0, 0], 0.5, 1e-4);
    expect(x).toBeCloseTo(2, 2);
    expect(y).toBeCloseTo(-1, 2);
    expect(patternSearch(([z = 0]) => Math.abs(z - 0.75), [0], 0.5, 1e-4)[0]).toBeCloseTo(0.75, 3);
  });

  test("stays where nothing is better", () => {
    expect(patternSearch(() => 1, [3, 4])).toEqual([3, 4]);
  });
});

/** Rows of a made-up engine: dense, mixture and one to eight GPUs. */
const made = (constants = SPEED_CONSTANTS): Measured[] =>
  ["meta-llama/Llama-3.3-70B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "openai/gpt-oss-120b"].flatMap((name) =>
    [1, 2, 4, 8].flatMap((tp) =>
      [1, 4, 8, 32, 128].flatMap((concurrency) =>
        [GPUS.h200, GPUS.l40s].flatMap((gpu) => {
          const shape = MODELS[name];
          if (!shape) throw new Error(`no ${name} in the table`);
          const format = shape.nativeFormat === "mxfp4" ? "mxfp4" : "fp8";
          const workload: Workload = { shape, format, gpu, tp, concurrency, inputTokens: 2048, outputTokens: 512 };
          return [
            {
              workload,
              tokenSeconds: timePerOutputToken(workload, constants).seconds,
              firstTokenSeconds: timeToFirstToken(workload, constants).seconds,
            },
          ];
        }),
      ),
    ),
  );

describe("calibration", () => {
  test("finds the constants that made the rows, away from where it starts", () => {
    const truth = {
      bandwidthShare: 0.7,
      computeShare: 0.4,
      expertComputeShare: 0.25,
      kernelSeconds: 6e-6,
      allReduceSeconds: 2e-5,
      eagerLayerSeconds: 2e-4,
      requestSeconds: 4e-2,
    };
    const found = calibrate(made(truth));
    for (const name of CONSTANT_NAMES) expect(Math.abs(Math.log(found[name] / truth[name])), name).toBeLessThan(0.1);
  });

  test("is not led astray by a tenth of broken rows", () => {
    const rows = made().map((row, index) =>
      index % 10 === 0 ? { ...row, tokenSeconds: (row.tokenSeconds ?? 0) * 4 } : row,
    );
    const { bandwidthShare, kernelSeconds } = calibrate(rows);
    expect(Math.abs(bandwidthShare / SPEED_CONSTANTS.bandwidthShare - 1)).toBeLessThan(0.05);
    expect(Math.abs(kernelSeconds / SPEED_CONSTANTS.kernelSeconds - 1)).toBeLessThan(0.1);
  });

  test("leaves a constant that the rows say nothing about where it starts", () => {
    expect(calibrate([])).toEqual(PRIOR_CONSTANTS);
    const dense = made().filter(({ workload }) => workload.shape.feedForward.experts === undefined);
    expect(calibrate(dense).expertComputeShare).toBe(PRIOR_CONSTANTS.expertComputeShare);
  });

  test("keeps to the ranges, in which the shipped constants are", () => {
    const impossible = made().map((row) => ({ ...row, tokenSeconds: 1e-9, firstTokenSeconds: 1e-9 }));
    for (const constants of [calibrate(impossible), SPEED_CONSTANTS])
      for (const name of CONSTANT_NAMES) {
        expect(constants[name], name).toBeGreaterThanOrEqual(CONSTANT_RANGES[name].low);
        expect(constants[name], name).toBeLessThanOrEqual(CONSTANT_RANGES[name].high);
      }
  });
});

test("a row counts for what was measured, and for the first token where few clients queue only", () => {
  const [row] = made();
  if (!row) throw new Error("no row");
  expect(compareToken({ workload: row.workload })).toBeUndefined();
  expect(compareToken(row)?.measured).toBe(row.tokenSeconds);
  const crowded = { ...row, workload: { ...row.workload, concurrency: MAX_FIRST_TOKEN_CONCURRENCY + 1 } };
  expect(compareFirstToken(crowded)).toBeUndefined();
  expect(compareFirstToken(row)?.measured).toBe(row.firstTokenSeconds);
});
