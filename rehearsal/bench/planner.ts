import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { shapeOfConfig } from "../../planner/model-config";
import type { ModelShape } from "../../planner/model-shape";
import { findModel, MODELS } from "../../planner/models";
import { type MemoryErrors, memoryErrors } from "./planner-memory";
import { type ShapeOf, type Skipped, servingRows } from "./planner-rows";
import { type Errors, speedErrors } from "./planner-speed";
import { plannerTable } from "./planner-table";
import { BenchUsage } from "./usage";

/** What the bench finds out. Percentages as numbers: 12.5 is 12.5 %. */
export interface PlannerFigures {
  readonly tpot: Errors;
  /** At concurrency 8 or less. */
  readonly ttft: Errors;
  readonly memory: MemoryErrors;
  readonly skipped: readonly Skipped[];
}

const DATA = join(__dirname, "../../test/data");
const SERVING = join(DATA, "measured-serving.csv");
const MEMORY = join(DATA, "measured-memory.csv");

function readConfig(model: string, file: string): ModelShape {
  try {
    return shapeOfConfig(model, JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * The shape of a model: listed under this very name, described by its own config in `configs`, or a copy of a listed one.
 * A config is read once.
 */
export function shapesOf(configs?: string): ShapeOf {
  const read = new Map<string, ModelShape>();
  return (model) => {
    const known = MODELS[model] ?? read.get(model);
    if (known) return known;
    const file = configs === undefined ? undefined : join(configs, `${model.replaceAll("/", "--")}.json`);
    const shape = file && existsSync(file) ? readConfig(model, file) : findModel(model);
    if (!shape)
      throw new Error(
        `model ${model} is in no table, and ${file ? `there is no ${file}` : "--configs names no folder with its config.json"}`,
      );
    read.set(model, shape);
    return shape;
  };
}

/** Errors of the planner on two files of measurements. */
export function plannerFigures(files: { data: string; memory: string; configs?: string }): PlannerFigures {
  const shapeOf = shapesOf(files.configs);
  const serving = servingRows(files.data, readFileSync(files.data, "utf8"), shapeOf);
  const { skipped, ...memory } = memoryErrors(files.memory, readFileSync(files.memory, "utf8"), shapeOf);
  return { ...speedErrors(serving.rows), memory, skipped: [...serving.skipped, ...skipped] };
}

/** `npm run bench -- planner`: @param argv what stands on the command line, `planner` included. */
export function benchPlanner(argv: string[]): void {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      data: { type: "string", default: SERVING },
      memory: { type: "string", default: MEMORY },
      configs: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const others = positionals.filter((name) => name !== "planner");
  if (others.length > 0) throw new BenchUsage(`planner runs alone and takes options only, not ${others.join(", ")}`);
  const figures = plannerFigures(values);
  console.log(values.json ? JSON.stringify(figures, null, 2) : plannerTable(figures));
}
