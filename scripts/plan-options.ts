import { parseArgs } from "node:util";
import type { DailyRequests } from "../planner/break-even-sleep";
import { WEIGHT_FORMATS } from "../planner/formats";
import { GPU_NAMES, type GpuName } from "../planner/gpus";
import { INSTANCES } from "../planner/instances";
import type { WeightFormat } from "../planner/model-shape";
import { didYouMean } from "../planner/near-name";
import { PRICES, type PriceOverrides } from "../planner/prices";
import {
  apiPriceOf,
  configOf,
  countOf,
  formatOf,
  gpuOf,
  priceOf,
  replicaSizeOf,
  requestsOf,
  tokensOf,
  UsageError,
} from "./plan-values";

const USUAL_CONCURRENCY = 16;

export const USAGE = `Usage: npm run plan -- --model OWNER/NAME [options]    ways to serve one model, best first
       npm run plan -- --stack NAME [options]          what the models of stacks/Pulumi.NAME.yaml will do and cost

  --model OWNER/NAME   Hugging Face id: from the planner's table, --config, or the hub
  --config FILE        the model's config.json on this machine; with --stack: MODEL=FILE, for a model of the stack
  --gpu NAME,...       GPU models to choose from (default: all of ${GPU_NAMES.join(", ")})
  --gpus N             GPUs of one replica: 1, 2, 4 or 8 (default: every size that fits)
  --context TOKENS     longest prompt plus answer, for example 32k (default: the model's own, at most 32k)
  --concurrency N      requests at a time (default: ${USUAL_CONCURRENCY})
  --input TOKENS       a usual prompt (default: 1024)
  --output TOKENS      a usual answer (default: 256)
  --quantization NAME  ${WEIGHT_FORMATS.join(", ")}, awq or gptq (default: as published)
  --price NAME=USD     your own price of an instance type, an hour, or of another name in planner/prices.ts; repeatable
  --spot TYPE=USD      buy an instance type on the spot market at this price an hour; repeatable
  --api-price IN/OUT   dollars for a million tokens of an API, to compare with
  --requests N/HOURS   with --stack: requests of a day and the hours of it in which they come, to see what sleeping saves
  --json               everything, as JSON
  --help               this text

Ends with 1 where something does not fit or is not known, with 2 for a wrong command line.`;

/** What both kinds of plan are told. */
interface Common {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly prices: PriceOverrides;
  readonly spot: PriceOverrides;
  readonly json: boolean;
}

export interface ModelOptions extends Common {
  readonly kind: "model";
  readonly model: string;
  readonly config?: string;
  readonly gpus: readonly GpuName[];
  readonly gpusPerReplica?: number;
  readonly contextTokens?: number;
  readonly concurrency: number;
  readonly format?: WeightFormat;
  readonly apiPrice?: { readonly input: number; readonly output: number };
}

export interface StackOptions extends Common {
  readonly kind: "stack";
  readonly stack: string;
  /** Files of `config.json` by the name of a model in the stack. */
  readonly configs: Readonly<Record<string, string>>;
  /** What sleeping saves is not told where absent. */
  readonly requests?: DailyRequests;
}

export type PlanOptions = ModelOptions | StackOptions | { readonly kind: "help" };

const FLAGS = {
  model: { type: "string" },
  stack: { type: "string", short: "s" },
  config: { type: "string", multiple: true },
  gpu: { type: "string", multiple: true },
  gpus: { type: "string" },
  context: { type: "string" },
  concurrency: { type: "string" },
  input: { type: "string" },
  output: { type: "string" },
  quantization: { type: "string" },
  price: { type: "string", multiple: true },
  spot: { type: "string", multiple: true },
  "api-price": { type: "string" },
  requests: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Flags that mean nothing for a whole stack, whose file says it. */
const OF_A_MODEL = ["gpu", "gpus", "context", "concurrency", "quantization", "api-price"] as const;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS });
  } catch (error) {
    const unknown = argv.find((arg) => /^--[^=]/.test(arg) && !(arg.slice(2).replace(/=.*/, "") in FLAGS));
    if (unknown !== undefined) {
      const flag = unknown.replace(/=.*/, "");
      const flags = Object.keys(FLAGS).map((name) => `--${name}`);
      throw new UsageError(`there is no ${flag}${didYouMean(flag, flags)}\n\n${USAGE}`);
    }
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

const TYPES = Object.keys(INSTANCES);

/** Reads values and keeps what is wrong with them, so that one run tells every fault. */
function reader() {
  const faults: string[] = [];
  const keep = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };
  return {
    /** What `read` makes of a value that is there. */
    one: <T>(value: string | undefined, read: (value: string) => T) =>
      value === undefined ? undefined : keep(() => read(value)),
    each: <T>(values: readonly string[] | undefined, read: (value: string) => T): T[] =>
      (values ?? []).flatMap((value) => keep(() => [read(value)]) ?? []),
    add: (fault: string) => void faults.push(fault),
    /** @throws UsageError with every fault so far. */
    close: () => {
      if (faults.length > 0) throw new UsageError(faults.join("\n"));
    },
  };
}

type Values = ReturnType<typeof parse>["values"];
type Reader = ReturnType<typeof reader>;

function commonOf(values: Values, { one, each }: Reader): Common {
  const known = [...TYPES, ...Object.keys(PRICES)];
  return {
    inputTokens: one(values.input, (text) => tokensOf("input", text)),
    outputTokens: one(values.output, (text) => tokensOf("output", text)),
    prices: Object.fromEntries(each(values.price, (pair) => priceOf("price", pair, known))),
    spot: Object.fromEntries(each(values.spot, (pair) => priceOf("spot", pair, TYPES))),
    json: values.json ?? false,
  };
}

function stackOptions(stack: string, values: Values, reader: Reader): StackOptions {
  const wrong = [...OF_A_MODEL, "model" as const].filter((flag) => values[flag] !== undefined);
  if (wrong.length > 0)
    reader.add(`--stack takes what its file says, not ${wrong.map((flag) => `--${flag}`).join(", ")}; leave one out`);
  const configs = Object.fromEntries(reader.each(values.config, configOf));
  const requests = reader.one(values.requests, requestsOf);
  return { kind: "stack", stack, configs, ...(requests ? { requests } : {}), ...commonOf(values, reader) };
}

function modelOptions(values: Values, reader: Reader): ModelOptions {
  const { one, each, add } = reader;
  const [config, ...others] = values.config ?? [];
  if (others.length > 0) add("--config is given twice; a model has one");
  if (values.requests !== undefined) add("--requests needs the idle times of a stack; plan one with --stack NAME");
  const names = (values.gpu ?? []).flatMap((list) => list.split(",")).map((name) => name.trim());
  const gpus = each(names, gpuOf);
  return {
    kind: "model",
    model: values.model ?? config ?? "",
    config,
    gpus: gpus.length > 0 ? [...new Set(gpus)] : GPU_NAMES,
    gpusPerReplica: one(values.gpus, replicaSizeOf),
    contextTokens: one(values.context, (text) => tokensOf("context", text)),
    concurrency: one(values.concurrency, (text) => countOf("concurrency", text)) ?? USUAL_CONCURRENCY,
    format: one(values.quantization, formatOf),
    apiPrice: one(values["api-price"], apiPriceOf),
    ...commonOf(values, reader),
  };
}

/**
 * @param argv arguments after the script's name.
 * @throws UsageError naming every wrong argument and what is possible.
 */
export function parseOptions(argv: readonly string[]): PlanOptions {
  const { values } = parse(argv);
  if (values.help) return { kind: "help" };
  if (values.stack === undefined && values.model === undefined && values.config === undefined)
    throw new UsageError(`name what to plan: --model OWNER/NAME, or --stack NAME\n\n${USAGE}`);
  const read = reader();
  const options = values.stack === undefined ? modelOptions(values, read) : stackOptions(values.stack, values, read);
  read.close();
  return options;
}
