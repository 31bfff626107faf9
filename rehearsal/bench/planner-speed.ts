import { bytesTouchedPerStep, kvBytesPerSequence } from "../../planner/bytes";
import { type Compare, calibrate, compareFirstToken, compareToken, type Measured } from "../../planner/calibrate";
import { parameters } from "../../planner/parameters";
import type { SpeedConstants } from "../../planner/speed-constants";
import { arithmeticRate } from "../../planner/step";
import { absPctError, groupBy, median, rounded } from "./errors";
import type { Row } from "./planner-rows";

/** Median absolute percentage errors of one quantity; null where no row counts. */
export interface Errors {
  readonly rows: number;
  readonly medianAbsPctError: number | null;
  readonly perModel: Readonly<Record<string, number | null>>;
  readonly perGpu: Readonly<Record<string, number | null>>;
  readonly perTensorParallel: Readonly<Record<string, number | null>>;
  readonly baselines: { readonly textbook: number | null; readonly oneConstant: number | null };
  /** Each model's rows predicted with constants calibrated on the others; null for a file of one model. */
  readonly leaveOneModelOut: number | null;
  readonly leaveOneModelOutPerModel: Readonly<Record<string, number | null>>;
  readonly leaveOneGpuOut: number | null;
  readonly leaveOneGpuOutPerGpu: Readonly<Record<string, number | null>>;
}

type Quantity = "tpot" | "ttft";

const COMPARE: Readonly<Record<Quantity, Compare>> = { tpot: compareToken, ttft: compareFirstToken };

/** The textbook: what has to be read at peak bandwidth, and what has to be multiplied at the peak rate. */
const TEXTBOOK: Readonly<Record<Quantity, (row: Measured) => number>> = {
  tpot: ({ workload: { shape, format, gpu, tp, concurrency, inputTokens, outputTokens } }) =>
    (bytesTouchedPerStep(shape, format, concurrency) +
      concurrency * kvBytesPerSequence(shape, inputTokens + outputTokens / 2)) /
    (tp * gpu.bandwidthGBs * 1e9),
  ttft: ({ workload: { shape, format, gpu, tp, inputTokens } }) =>
    (2 * parameters(shape).activePerToken * inputTokens) / (tp * arithmeticRate(format, gpu)),
};

/** "80 % of peak", whatever the model, the GPU and their number. */
const ONE_CONSTANT = 0.8;

const errorsOf = (rows: readonly Row[], quantity: Quantity, constants?: SpeedConstants): number[] =>
  rows.flatMap((row) => {
    const pair = COMPARE[quantity](row, constants);
    return pair ? [absPctError(pair)] : [];
  });

function baseline(rows: readonly Row[], quantity: Quantity, share: number): number | null {
  const errors = rows.flatMap((row) => {
    const pair = COMPARE[quantity](row);
    return pair ? [absPctError({ ...pair, predicted: TEXTBOOK[quantity](row) / share })] : [];
  });
  return rounded(median(errors));
}

function per(rows: readonly Row[], quantity: Quantity, keyOf: (row: Row) => string): Record<string, number | null> {
  const groups = [...groupBy(rows, keyOf)];
  return Object.fromEntries(groups.map(([key, group]) => [key, rounded(median(errorsOf(group, quantity)))]));
}

/** Each group's rows with the constants that all other groups' rows lead to. */
function leaveOneOut(rows: readonly Row[], keyOf: (row: Row) => string) {
  const groups = [...groupBy(rows, keyOf)];
  if (groups.length < 2) return [];
  return groups.map(([key, group]) => ({ key, group, constants: calibrate(rows.filter((row) => keyOf(row) !== key)) }));
}

function pooled(left: ReturnType<typeof leaveOneOut>, quantity: Quantity) {
  const errors = left.map(({ key, group, constants }) => ({ key, errors: errorsOf(group, quantity, constants) }));
  return {
    all: rounded(median(errors.flatMap((each) => each.errors))),
    each: Object.fromEntries(errors.map((each) => [each.key, rounded(median(each.errors))])),
  };
}

const byModel = (row: Row) => row.model;
const byGpu = (row: Row) => row.gpu;

/** Errors of both quantities on the rows of one file. */
export function speedErrors(rows: readonly Row[]): Readonly<Record<Quantity, Errors>> {
  const withoutModel = leaveOneOut(rows, byModel);
  const withoutGpu = leaveOneOut(rows, byGpu);
  const errors = (quantity: Quantity): Errors => {
    const all = errorsOf(rows, quantity);
    const models = pooled(withoutModel, quantity);
    const gpus = pooled(withoutGpu, quantity);
    return {
      rows: all.length,
      medianAbsPctError: rounded(median(all)),
      perModel: per(rows, quantity, byModel),
      perGpu: per(rows, quantity, byGpu),
      perTensorParallel: per(rows, quantity, ({ workload }) => String(workload.tp)),
      baselines: { textbook: baseline(rows, quantity, 1), oneConstant: baseline(rows, quantity, ONE_CONSTANT) },
      leaveOneModelOut: models.all,
      leaveOneModelOutPerModel: models.each,
      leaveOneGpuOut: gpus.all,
      leaveOneGpuOutPerGpu: gpus.each,
    };
  };
  return { tpot: errors("tpot"), ttft: errors("ttft") };
}
