import { parseArgs } from "node:util";
import { WEIGHT_FORMATS } from "../planner/formats";
import { GPU_ALIASES, GPU_NAMES, type GpuName } from "../planner/gpus";
import { INSTANCES } from "../planner/instances";
import type { WeightFormat } from "../planner/model-shape";
import { didYouMean } from "../planner/near-name";
import { PRICES, type PriceOverrides } from "../planner/prices";
import { parseTokens } from "../planner/units";

export const USAGE = `Usage: npm run plan -- --model OWNER/NAME [options]    ways to serve one model, best first
       npm run plan -- --stack NAME [options]          what the models of stacks/Pulumi.NAME.yaml will do and cost

  --model OWNER/NAME   Hugging Face id: from the planner's table, --config, or the hub
  --config FILE        the model's config.json on this machine; with --stack: MODEL=FILE, for a model of the stack
  --gpu NAME,...       GPU models to choose from (default: all of ${GPU_NAMES.join(", ")})
  --gpus N             GPUs of one replica: 1, 2, 4 or 8 (default: every size that fits)
  --context TOKENS     longest prompt plus answer, for example 32k (default: the model's own, at most 32k)
  --concurrency N      requests at a time (default: 16)
  --input TOKENS       a usual prompt (default: 1024)
  --output TOKENS      a usual answer (default: 256)
  --quantization NAME  ${WEIGHT_FORMATS.join(", ")}, awq or gptq (default: as published)
  --price NAME=USD     your own price of an instance type, an hour, or of another name in planner/prices.ts; repeatable
  --spot TYPE=USD      buy an instance type on the spot market at this price an hour; repeatable
  --api-price IN/OUT   dollars for a million tokens of an API, to compare with
  --json               everything, as JSON
  --help               this text

Ends with 1 where something does not fit or is not known, with 2 for a wrong command line.`;

/** A wrong command line; the message says what is right. */
export class UsageError extends Error {}

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

/** A number of tokens, or undefined for none. */
function tokensOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const tokens = parseTokens(text);
  if (tokens === undefined || tokens < 1)
    throw new UsageError(`--${flag} ${text} is no number of tokens; write it as 32768 or 32k`);
  return tokens;
}

function countOf(flag: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`--${flag} ${text} is not a whole number from 1 on`);
  return Number(text);
}

function gpuOf(name: string): GpuName {
  const known = GPU_NAMES.find((gpu) => gpu === name.toLowerCase());
  if (known !== undefined) return known;
  const alias = GPU_ALIASES[name.toLowerCase()];
  if (alias !== undefined) throw new UsageError(`--gpu ${name}: ${alias.why}; write --gpu ${alias.use}`);
  throw new UsageError(
    `--gpu ${name} is no GPU of the kit, which knows ${GPU_NAMES.join(", ")}${didYouMean(name, GPU_NAMES)}`,
  );
}

function formatOf(name: string): WeightFormat {
  if (name === "awq" || name === "gptq") return "int4";
  const known = WEIGHT_FORMATS.find((format) => format === name.toLowerCase());
  if (known !== undefined) return known;
  throw new UsageError(
    `--quantization ${name} is not known; write one of ${WEIGHT_FORMATS.join(", ")}, awq, gptq` +
      didYouMean(name, WEIGHT_FORMATS),
  );
}

const TYPES = Object.keys(INSTANCES);

/** `NAME=USD` by name. */
function pricesOf(flag: string, pairs: readonly string[], known: readonly string[]): PriceOverrides {
  return Object.fromEntries(
    pairs.map((pair) => {
      const match = /^([^=]+)=(\d+(\.\d+)?)$/.exec(pair);
      const [, name = "", usd] = match ?? [];
      if (!match) throw new UsageError(`--${flag} ${pair} is no price; write it as --${flag} g6e.xlarge=0.9`);
      // A misspelt name would change nothing, in silence.
      if (!known.includes(name))
        throw new UsageError(
          `--${flag} ${pair}: there is no ${name} in a plan${didYouMean(name, known)}; known: ${known.join(", ")}`,
        );
      return [name, Number(usd)];
    }),
  );
}

function apiPriceOf(text: string) {
  const match = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
  if (!match)
    throw new UsageError(
      `--api-price ${text} is no price; write input and output, dollars for a million tokens: 0.2/0.8`,
    );
  return { input: Number(match[1]), output: Number(match[2]) };
}

/** `MODEL=FILE` by model. */
function configsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, model, file] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (model === undefined || file === undefined)
        throw new UsageError(`--config ${pair}: with --stack say for which model: --config MODEL=FILE`);
      return [model, file];
    }),
  );
}

/**
 * @param argv arguments after the script's name.
 * @throws UsageError naming the argument and what is possible.
 */
export function parseOptions(argv: readonly string[]): PlanOptions {
  const { values } = parse(argv);
  if (values.help) return { kind: "help" };
  const common = {
    inputTokens: tokensOf("input", values.input),
    outputTokens: tokensOf("output", values.output),
    prices: pricesOf("price", values.price ?? [], [...TYPES, ...Object.keys(PRICES)]),
    spot: pricesOf("spot", values.spot ?? [], TYPES),
    json: values.json ?? false,
  };
  if (values.stack !== undefined) {
    const wrong = [...OF_A_MODEL, "model" as const].filter((flag) => values[flag] !== undefined);
    if (wrong.length > 0)
      throw new UsageError(
        `--stack takes what its file says, not ${wrong.map((flag) => `--${flag}`).join(", ")}; leave one out`,
      );
    return { kind: "stack", stack: values.stack, configs: configsOf(values.config ?? []), ...common };
  }
  const [config, ...others] = values.config ?? [];
  if (others.length > 0) throw new UsageError("--config is given twice; a model has one");
  if (values.model === undefined && config === undefined)
    throw new UsageError(`name what to plan: --model OWNER/NAME, or --stack NAME\n\n${USAGE}`);
  const gpus = (values.gpu ?? []).flatMap((names) => names.split(",")).map((name) => gpuOf(name.trim()));
  return {
    kind: "model",
    model: values.model ?? config ?? "",
    config,
    gpus: gpus.length > 0 ? [...new Set(gpus)] : GPU_NAMES,
    gpusPerReplica: values.gpus === undefined ? undefined : countOf("gpus", values.gpus),
    contextTokens: tokensOf("context", values.context),
    concurrency: countOf("concurrency", values.concurrency ?? "16"),
    format: values.quantization === undefined ? undefined : formatOf(values.quantization),
    apiPrice: values["api-price"] === undefined ? undefined : apiPriceOf(values["api-price"]),
    ...common,
  };
}
