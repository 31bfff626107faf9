import { memoryBudget } from "../../planner/memory";
import type { CsvRecord } from "./csv";
import { rounded } from "./errors";
import { formatOf, gpuOf, numberOf, readRecords, type ShapeOf, type Skipped } from "./planner-rows";

/** Whether a model fits, by the planner and by what happened. */
export interface Verdict {
  readonly row: string;
  readonly predicted: "fits" | "does not fit";
  readonly measured: "fits" | "does not fit";
  readonly right: boolean;
  readonly predictedKvGiB: number | null;
  /** null where the engine did not start. */
  readonly measuredKvGiB: number | null;
}

export interface MemoryErrors {
  /** Largest difference of the memory left for keys and values, GiB a GPU; null where no row tells it. */
  readonly maxAbsErrorGiB: number | null;
  readonly verdicts: readonly Verdict[];
}

const COLUMNS = ["model", "gpu", "tp", "max_model_len", "available_kv_gib", "status"];
const STARTED = /^(ok|fits?|running|success)/i;

const verdict = (fits: boolean) => (fits ? "fits" : "does not fit");

/** A memory file has no column of formats; the model's name tells one that it was not published in. */
function formatIn(record: CsvRecord, shape: ReturnType<ShapeOf>) {
  if (record.quant) return formatOf(record.quant, shape);
  const named = /nvfp4|mxfp4|fp8|awq|gptq|int4|int8|w4a16|w8a8|bf16/i.exec(record.model ?? "")?.[0] ?? "";
  return formatOf(named, shape);
}

function verdictOf(record: CsvRecord, shapeOf: ShapeOf): { verdict: Verdict; error?: number } {
  const { model = "", gpu: gpuName = "" } = record;
  const gpu = gpuOf(gpuName);
  const shape = shapeOf(model);
  const budget = memoryBudget({
    shape,
    format: formatIn(record, shape),
    gpu,
    tensorParallel: numberOf(record, "tp"),
    contextTokens: numberOf(record, "max_model_len"),
    ...(record.gpu_mem_util ? { utilization: numberOf(record, "gpu_mem_util") } : {}),
    // The columns of such a file add up to the budget without the graphs.
    graphsInBudget: false,
  });
  const fits = budget.concurrency >= 1;
  const started = STARTED.test(record.status ?? "");
  const measuredKv = started && record.available_kv_gib ? Number(record.available_kv_gib) : undefined;
  if (measuredKv !== undefined && !Number.isFinite(measuredKv))
    throw new Error(`available_kv_gib is ${JSON.stringify(record.available_kv_gib)}, not a number`);
  return {
    verdict: {
      row: `${model} on ${record.tp} x ${gpuName}, ${record.max_model_len} tokens`,
      predicted: verdict(fits),
      measured: verdict(started),
      right: fits === started,
      predictedKvGiB: rounded(budget.availableKvGib),
      measuredKvGiB: rounded(measuredKv),
    },
    ...(measuredKv === undefined ? {} : { error: Math.abs(budget.availableKvGib - measuredKv) }),
  };
}

/** Errors on the rows of a file with the columns of `measured-memory.csv`. */
export function memoryErrors(file: string, text: string, shapeOf: ShapeOf): MemoryErrors & { skipped: Skipped[] } {
  const { rows, skipped } = readRecords(file, text, COLUMNS, (record) => verdictOf(record, shapeOf));
  const errors = rows.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return {
    maxAbsErrorGiB: errors.length > 0 ? rounded(Math.max(...errors)) : null,
    verdicts: rows.map((row) => row.verdict),
    skipped,
  };
}
