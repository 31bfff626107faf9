import type { Measured } from "../../planner/calibrate";
import { ALL_GPUS, type GpuSpec, gpuKey } from "../../planner/gpus";
import { memoryBudget } from "../../planner/memory";
import type { ModelShape, WeightFormat } from "../../planner/model-shape";
import { type CsvRecord, parseCsv } from "./csv";

/** A row of a file that could be predicted. */
export interface Row extends Measured {
  readonly model: string;
  /** As the file spells it. */
  readonly gpu: string;
}

/** What of a file could not be used, and why. */
export interface Skipped {
  readonly file: string;
  /** 2 is the first row below the header. */
  readonly line: number;
  readonly row: string;
  readonly reason: string;
}

/** The shape of a model by its Hugging Face id. @throws Error that says where it was looked for. */
export type ShapeOf = (model: string) => ModelShape;

/** What measurements call a format, the more special names first. */
const FORMAT_NAMES: readonly [RegExp, WeightFormat][] = [
  [/mxfp4/, "mxfp4"],
  [/nvfp4|fp4/, "nvfp4"],
  [/1\.58|iq1/, "gguf-1.58"],
  [/gguf.*q2|^q2/, "gguf-q2"],
  [/gguf|^q4/, "gguf-q4"],
  [/awq|gptq|int4|w4a/, "int4"],
  [/fp8/, "fp8"],
  [/int8|w8a8|w8a16|smoothquant/, "int8"],
  [/bf16|bfloat16|fp16|float16|half|^none$|^16$/, "bf16"],
];

/** The format of a cell; an empty one is the format the model is published in. */
export function formatOf(quant: string, shape: ModelShape): WeightFormat {
  if (quant === "") return shape.nativeFormat;
  const format = FORMAT_NAMES.find(([name]) => name.test(quant.toLowerCase()))?.[1];
  if (!format) throw new Error(`quant ${JSON.stringify(quant)} is no format the planner knows`);
  // "fp4" alone says the bits only; a model published in mxfp4 stays in it.
  return format === "nvfp4" && !/nv/i.test(quant) && shape.nativeFormat === "mxfp4" ? "mxfp4" : format;
}

export function gpuOf(name: string): GpuSpec {
  const gpu = ALL_GPUS[gpuKey(name) ?? ""];
  if (!gpu) throw new Error(`gpu ${JSON.stringify(name)} is in no table`);
  return gpu;
}

export function numberOf(record: CsvRecord, column: string): number {
  const value = Number(record[column] || Number.NaN);
  if (!(value > 0)) throw new Error(`${column} is ${JSON.stringify(record[column] ?? "")}, not a number above 0`);
  return value;
}

/** Seconds of a column of milliseconds; undefined where it is empty. */
const secondsOf = (record: CsvRecord, column: string) => (record[column] ? numberOf(record, column) / 1000 : undefined);

/** Room for the KV cache; undefined where by the planner there is none, since what was measured did run. */
function kvCacheBytes(
  shape: ModelShape,
  format: WeightFormat,
  gpu: GpuSpec,
  tensorParallel: number,
  contextTokens: number,
) {
  const { availableKvGib } = memoryBudget({ shape, format, gpu, tensorParallel, contextTokens });
  return availableKvGib > 0 ? availableKvGib * 2 ** 30 : undefined;
}

function rowOf(record: CsvRecord, shapeOf: ShapeOf): Row {
  const { model = "", gpu: gpuName = "" } = record;
  const gpu = gpuOf(gpuName);
  const shape = shapeOf(model);
  const format = formatOf(record.quant ?? "", shape);
  const tp = numberOf(record, "tp");
  const inputTokens = numberOf(record, "isl");
  const outputTokens = numberOf(record, "osl");
  const concurrency = numberOf(record, "concurrency");
  const tokenSeconds = secondsOf(record, "tpot_ms");
  const firstTokenSeconds = secondsOf(record, "ttft_ms");
  if (tokenSeconds === undefined && firstTokenSeconds === undefined) throw new Error("neither tpot_ms nor ttft_ms");
  const kvCacheBytesPerGpu = kvCacheBytes(shape, format, gpu, tp, inputTokens + outputTokens);
  return {
    model,
    gpu: gpuName,
    workload: { shape, format, gpu, tp, concurrency, inputTokens, outputTokens, kvCacheBytesPerGpu },
    tokenSeconds,
    firstTokenSeconds,
  };
}

const COLUMNS = ["model", "quant", "gpu", "tp", "concurrency", "isl", "osl", "ttft_ms", "tpot_ms"];

/** Uses `read` on each record of a file; what it throws becomes the reason the record is skipped. */
export function readRecords<T>(
  file: string,
  text: string,
  columns: readonly string[],
  read: (record: CsvRecord) => T,
): { rows: T[]; skipped: Skipped[] } {
  const rows: T[] = [];
  const skipped: Skipped[] = [];
  for (const [index, record] of parseCsv(file, text, columns).entries()) {
    try {
      rows.push(read(record));
    } catch (error) {
      const row = ["model", "quant", "gpu", "tp", "concurrency", "isl", "osl", "max_model_len"]
        .flatMap((column) => (record[column] ? [`${column} ${record[column]}`] : []))
        .join(", ");
      skipped.push({ file, line: index + 2, row, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { rows, skipped };
}

/** Rows of a file with the columns of `measured-serving.csv`. */
export const servingRows = (file: string, text: string, shapeOf: ShapeOf) =>
  readRecords(file, text, COLUMNS, (record) => rowOf(record, shapeOf));
