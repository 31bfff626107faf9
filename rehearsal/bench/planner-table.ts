import type { PlannerFigures } from "./planner";
import type { Errors } from "./planner-speed";

const percent = (value: number | null | undefined) =>
  (value === null || value === undefined ? "-" : `${value.toFixed(1)} %`).padStart(10);

const line = (name: string, ...cells: string[]) => `  ${name.padEnd(44)}${cells.join("")}`;

/** Both quantities beside each other, a line per group. */
function groups(title: string, tpot: Errors, ttft: Errors, of: (errors: Errors) => Record<string, number | null>) {
  const [left, right] = [of(tpot), of(ttft)];
  return [title, ...Object.keys(left).map((key) => line(key, percent(left[key]), percent(right[key])))];
}

/** The figures for people. */
export function plannerTable({ tpot, ttft, memory, skipped }: PlannerFigures): string {
  const both = (name: string, of: (errors: Errors) => number | null) =>
    line(name, percent(of(tpot)), percent(of(ttft)));
  const lines = [
    "Median absolute percentage error of time per output token, and of time to first token at concurrency <= 8",
    line(`${tpot.rows} and ${ttft.rows} rows`, "per token".padStart(10), "first".padStart(10)),
    both("planner", (errors) => errors.medianAbsPctError),
    both("textbook: bytes / peak, operations / peak", (errors) => errors.baselines.textbook),
    both("one constant: 80 % of peak", (errors) => errors.baselines.oneConstant),
    both("planner calibrated without the row's model", (errors) => errors.leaveOneModelOut),
    both("planner calibrated without the row's GPU", (errors) => errors.leaveOneGpuOut),
    ...groups("By model", tpot, ttft, (errors) => errors.perModel),
    ...groups("By model, calibrated on the others", tpot, ttft, (errors) => errors.leaveOneModelOutPerModel),
    ...groups("By GPU", tpot, ttft, (errors) => errors.perGpu),
    ...groups("By GPU, calibrated on the others", tpot, ttft, (errors) => errors.leaveOneGpuOutPerGpu),
    ...groups("By tensor parallel size", tpot, ttft, (errors) => errors.perTensorParallel),
    `Memory for keys and values: largest error ${memory.maxAbsErrorGiB ?? "-"} GiB a GPU`,
    ...memory.verdicts.map(({ row, predicted, measured, right, predictedKvGiB, measuredKvGiB }) =>
      line(
        row,
        `  ${predicted}, ${right ? "as measured" : `measured: ${measured}`}`,
        `  (${predictedKvGiB} GiB, measured ${measuredKvGiB ?? "-"})`,
      ),
    ),
    `Skipped: ${skipped.length}`,
    ...skipped.map(({ file, line: number, row, reason }) => `  ${file}:${number}: ${reason} (${row})`),
  ];
  return lines.join("\n");
}
