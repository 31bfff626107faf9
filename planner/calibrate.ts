import { timePerOutputToken, timeToFirstToken, type Workload } from "./speed";
import { CONSTANT_NAMES, CONSTANT_RANGES, PRIOR_CONSTANTS, type SpeedConstants } from "./speed-constants";

/** One measurement: what ran, and its seconds. */
export interface Measured {
  readonly workload: Workload;
  /** Absent where it was not measured. */
  readonly tokenSeconds?: number;
  readonly firstTokenSeconds?: number;
}

/** Above it, time to first token is mostly queueing, which depends on how a benchmark starts. */
export const MAX_FIRST_TOKEN_CONCURRENCY = 8;

/** Below an error of 2 % the loss is flat: repeated runs of the same configuration differ by 6.6 % at p90. */
const NOISE = 0.02;
const FIRST_TOKEN_WEIGHT = 0.4;
/** So little that it decides only about constants the rows say nothing about. */
const PRIOR_WEIGHT = 0.02;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** What was predicted for a row beside what was measured; undefined where the row does not count. */
export type Compare = (
  row: Measured,
  constants?: SpeedConstants,
) => { predicted: number; measured: number } | undefined;

export const compareToken: Compare = ({ workload, tokenSeconds }, constants) =>
  tokenSeconds === undefined
    ? undefined
    : { predicted: timePerOutputToken(workload, constants).seconds, measured: tokenSeconds };

export const compareFirstToken: Compare = ({ workload, firstTokenSeconds }, constants) =>
  firstTokenSeconds === undefined || workload.concurrency > MAX_FIRST_TOKEN_CONCURRENCY
    ? undefined
    : { predicted: timeToFirstToken(workload, constants).seconds, measured: firstTokenSeconds };

/** Mean distance, not squared: a broken row counts no more than its share. */
function loss(rows: readonly Measured[], constants: SpeedConstants): number {
  const distances = (compare: Compare) =>
    rows.flatMap((row) => {
      const pair = compare(row, constants);
      return pair ? [Math.hypot(Math.log(pair.predicted / pair.measured), NOISE)] : [];
    });
  const moved = CONSTANT_NAMES.map((name) => Math.log(constants[name] / CONSTANT_RANGES[name].prior) ** 2);
  return (
    mean(distances(compareToken)) + FIRST_TOKEN_WEIGHT * mean(distances(compareFirstToken)) + PRIOR_WEIGHT * mean(moved)
  );
}

type Point = readonly number[];

/** Pattern search (Hooke and Jeeves, 1961): no derivatives, no chance, and content with a loss that has corners. */
export function patternSearch(evaluate: (point: Point) => number, start: Point, step = 0.2, smallest = 0.004): Point {
  const explore = (from: Point, value: number, size: number): [Point, number] => {
    let best: [Point, number] = [from, value];
    for (const axis of start.keys())
      for (const sign of [1, -1]) {
        const tried = best[0].map((each, index) => (index === axis ? each + sign * size : each));
        const reached = evaluate(tried);
        if (reached < best[1]) {
          best = [tried, reached];
          break;
        }
      }
    return best;
  };
  let [base, value] = [start, evaluate(start)];
  for (let size = step; size >= smallest; size /= 2) {
    for (;;) {
      const [next, reached] = explore(base, value, size);
      if (!(reached < value)) break;
      // What helped once often helps again: try as far on in the same direction, and look around there.
      const ahead = next.map((each, index) => 2 * each - (base[index] ?? each));
      const [further, there] = explore(ahead, evaluate(ahead), size);
      [base, value] = there < reached ? [further, there] : [next, reached];
    }
  }
  return base;
}

/** The constants that fit the rows best. For the bench and its tests only: plans use `SPEED_CONSTANTS`. */
export function calibrate(rows: readonly Measured[]): SpeedConstants {
  const constantsAt = (point: Point): SpeedConstants => {
    const values = CONSTANT_NAMES.map((name, index) => {
      const { prior, low, high } = CONSTANT_RANGES[name];
      return [name, Math.min(high, Math.max(low, prior * Math.exp(point[index] ?? 0)))];
    });
    return { ...PRIOR_CONSTANTS, ...Object.fromEntries(values) };
  };
  if (rows.length === 0) return PRIOR_CONSTANTS;
  return constantsAt(
    patternSearch(
      (point) => loss(rows, constantsAt(point)),
      CONSTANT_NAMES.map(() => 0),
    ),
  );
}
