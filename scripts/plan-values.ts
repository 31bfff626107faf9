import type { DailyRequests } from "../planner/break-even-sleep";
import { WEIGHT_FORMATS } from "../planner/formats";
import { GPU_ALIASES, GPU_NAMES, type GpuName } from "../planner/gpus";
import type { WeightFormat } from "../planner/model-shape";
import { didYouMean } from "../planner/near-name";
import { parseTokens } from "../planner/units";

/*
 * The values on a plan's command line, each read by itself.
 */

/** A wrong command line; the message says what is right. */
export class UsageError extends Error {}

export function tokensOf(flag: string, text: string): number {
  const tokens = parseTokens(text);
  if (tokens === undefined || tokens < 1)
    throw new UsageError(`--${flag} ${text} is no number of tokens; write it as 32768 or 32k`);
  return tokens;
}

export function countOf(flag: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`--${flag} ${text} is not a whole number from 1 on`);
  return Number(text);
}

const REPLICA_SIZES = ["1", "2", "4", "8"];

/** GPUs of one replica: as attention heads divide, and as nodes have them. */
export function replicaSizeOf(text: string): number {
  if (!REPLICA_SIZES.includes(text)) throw new UsageError(`--gpus ${text} is none of ${REPLICA_SIZES.join(", ")}`);
  return Number(text);
}

export function gpuOf(name: string): GpuName {
  const known = GPU_NAMES.find((gpu) => gpu === name.toLowerCase());
  if (known !== undefined) return known;
  const alias = GPU_ALIASES[name.toLowerCase()];
  if (alias !== undefined) throw new UsageError(`--gpu ${name}: ${alias.why}; write --gpu ${alias.use}`);
  throw new UsageError(
    `--gpu ${name} is no GPU of the kit, which knows ${GPU_NAMES.join(", ")}${didYouMean(name, GPU_NAMES)}`,
  );
}

export function formatOf(name: string): WeightFormat {
  if (name === "awq" || name === "gptq") return "int4";
  const known = WEIGHT_FORMATS.find((format) => format === name.toLowerCase());
  if (known !== undefined) return known;
  throw new UsageError(
    `--quantization ${name} is not known; write one of ${WEIGHT_FORMATS.join(", ")}, awq, gptq` +
      didYouMean(name, WEIGHT_FORMATS),
  );
}

/** `NAME=USD`. */
export function priceOf(flag: string, pair: string, known: readonly string[]): [name: string, usd: number] {
  const match = /^([^=]+)=(\d+(\.\d+)?)$/.exec(pair);
  const [, name = "", usd] = match ?? [];
  if (!match) throw new UsageError(`--${flag} ${pair} is no price; write it as --${flag} g6e.xlarge=0.9`);
  // A misspelt name would change nothing, in silence.
  if (!known.includes(name))
    throw new UsageError(
      `--${flag} ${pair}: there is no ${name} in a plan${didYouMean(name, known)}; known: ${known.join(", ")}`,
    );
  return [name, Number(usd)];
}

export function apiPriceOf(text: string) {
  const match = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
  if (!match)
    throw new UsageError(
      `--api-price ${text} is no price; write input and output, dollars for a million tokens: 0.2/0.8`,
    );
  return { input: Number(match[1]), output: Number(match[2]) };
}

/** `N/HOURS`: requests a day, and in how many hours of it they come. */
export function requestsOf(text: string): DailyRequests {
  const [, requests, hours] = /^(\d{1,7}(?:\.\d+)?)\/(\d{1,2}(?:\.\d+)?)$/.exec(text) ?? [];
  const [requestsPerDay, activeHours] = [Number(requests), Number(hours)];
  if (!(requestsPerDay > 0 && activeHours > 0 && activeHours <= 24))
    throw new UsageError(
      `--requests ${text} is no day; write requests a day and the hours of it in which they come, at most 24: 300/10`,
    );
  return { requestsPerDay, activeHours };
}

/** `MODEL=FILE`. */
export function configOf(pair: string): [model: string, file: string] {
  const [, model, file] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
  if (model === undefined || file === undefined)
    throw new UsageError(`--config ${pair}: with --stack say for which model: --config MODEL=FILE`);
  return [model, file];
}
