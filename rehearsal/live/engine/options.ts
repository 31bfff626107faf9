import { GPU_NAMES, type GpuName } from "../../../planner/gpus";
import { isRecord } from "../../../planner/record";

/** What the stage says besides the pod's own arguments, as JSON in `PILOTLIGHT_ENGINE`. */
export interface Surroundings {
  readonly host: string;
  readonly port: number;
  /** Milliseconds from the process's start until it listens: the time in which vLLM imports, loads and compiles. */
  readonly loadMs: number;
  /** File to which each generation adds its lines. */
  readonly requestLog: string;
  /** Repository of the weights, which the pod's own arguments do not tell where they lie in S3. */
  readonly model: string;
  readonly gpu: GpuName;
}

/** vLLM's arguments, as far as they change what the simulated engine does. */
export interface ServeArguments {
  /** Where the weights are: vLLM's first argument. */
  readonly weights: string;
  /** The first is the one in answers and metrics. */
  readonly servedNames: readonly [string, ...string[]];
  readonly tensorParallel: number;
  readonly maxModelLen?: number;
  /** 0 cuts what runs. */
  readonly shutdownTimeoutSeconds: number;
  readonly maxSequences?: number;
  readonly maxBatchedTokens?: number;
  readonly utilization?: number;
  readonly quantization?: string;
  readonly kvCacheDtype?: string;
}

export interface EngineOptions extends Surroundings, ServeArguments {}

/** The engine cannot start as it was called. */
export class OptionError extends Error {}

/** Values by flag, without its dashes; the last use of a flag wins, as in Python's argparse. */
function flagsOf(args: readonly string[]): Map<string, readonly string[]> {
  const flags = new Map<string, readonly string[]>();
  let name: string | undefined;
  for (const arg of args) {
    const [, flag, value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    // `--flag value`, which vLLM takes as well; some flags take several.
    if (flag === undefined) {
      if (name !== undefined) flags.set(name, [...(flags.get(name) ?? []), arg]);
      continue;
    }
    name = flag.replaceAll("_", "-");
    flags.set(name, value === undefined ? [] : [value]);
  }
  return flags;
}

/** vLLM's whole numbers: 1k is a thousand and 1K is 1024. */
const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
};

function numberIn(text: string, most: number): number | undefined {
  const [, digits, suffix = ""] = /^(\d+(?:\.\d+)?)([kmgKMG]?)$/.exec(text) ?? [];
  const value = Number(digits) * (SUFFIXES[suffix] ?? Number.NaN);
  return value >= 0 && value <= most ? value : undefined;
}

/** The arguments after `vllm serve`. Flags that the simulated engine has no use for are passed over. */
export function readArguments(args: readonly string[]): ServeArguments {
  const [weights, ...rest] = args;
  if (weights === undefined || weights.startsWith("-"))
    throw new OptionError(`the first argument must be the model, as in \`vllm serve\`, not ${weights ?? "nothing"}`);
  const flags = flagsOf(rest);
  const text = (name: string) => flags.get(name)?.[0];
  const number = (name: string, most = Number.MAX_SAFE_INTEGER) => {
    const values = flags.get(name);
    if (!values) return undefined;
    const value = numberIn(values[0] ?? "", most);
    if (value === undefined)
      throw new OptionError(`--${name} must be a number up to ${most}, not "${values[0] ?? ""}"`);
    return value;
  };
  const count = (name: string) => {
    const value = number(name);
    if (value !== undefined && (value < 1 || !Number.isInteger(value)))
      throw new OptionError(`--${name} must be a whole number of at least 1, not "${text(name)}"`);
    return value;
  };
  const [first = weights, ...more] = flags.get("served-model-name") ?? [];
  return {
    weights,
    servedNames: [first, ...more],
    tensorParallel: count("tensor-parallel-size") ?? 1,
    // vLLM takes "auto" and -1 for what the model's config says.
    maxModelLen: ["auto", "-1"].includes(text("max-model-len") ?? "auto") ? undefined : count("max-model-len"),
    shutdownTimeoutSeconds: number("shutdown-timeout") ?? 0,
    maxSequences: count("max-num-seqs"),
    maxBatchedTokens: count("max-num-batched-tokens"),
    utilization: number("gpu-memory-utilization", 1),
    quantization: text("quantization"),
    kvCacheDtype: text("kv-cache-dtype"),
  };
}

/** The stage's part. */
export function readSurroundings(env: NodeJS.ProcessEnv): Surroundings {
  const fault = (what: string) => new OptionError(`PILOTLIGHT_ENGINE ${what}`);
  const json = env.PILOTLIGHT_ENGINE;
  if (json === undefined) throw fault("is not set: JSON with host, port, loadMs, requestLog, model and gpu");
  let values: unknown;
  try {
    values = JSON.parse(json);
  } catch (error) {
    throw fault(`is no JSON: ${String(error)}`);
  }
  if (!isRecord(values)) throw fault("is no JSON object");
  const { host, port, loadMs, requestLog, model, gpu } = values;
  const text = (value: unknown, name: string) => {
    if (typeof value !== "string" || value === "") throw fault(`${name} must be a text`);
    return value;
  };
  const number = (value: unknown, name: string, least: number, most: number) => {
    if (typeof value !== "number" || !(value >= least && value <= most))
      throw fault(`${name} must be a number from ${least} to ${most}`);
    return value;
  };
  const known = GPU_NAMES.find((name) => name === gpu);
  if (!known) throw fault(`gpu must be one of ${GPU_NAMES.join(", ")}`);
  return {
    host: text(host, "host"),
    port: number(port, "port", 1, 65_535),
    loadMs: number(loadMs, "loadMs", 0, Number.MAX_SAFE_INTEGER),
    requestLog: text(requestLog, "requestLog"),
    model: text(model, "model"),
    gpu: known,
  };
}
