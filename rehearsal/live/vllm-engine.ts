import { dirname, join } from "node:path";
import { TINY_CONTEXT } from "../tools/vllm";
import type { Program } from "./node/container";

/*
 * The real vLLM in an engine pod's place. It gets the pod's own arguments and environment, except for the two tables below:
 * what a machine without a GPU and without the weights cannot have.
 */

export interface VllmArgs {
  /** The pod's arguments after `vllm serve`, the weights first. */
  readonly podArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** From `findVllm`. */
  readonly python: string;
  readonly model: string;
  /** Where it listens. @default "0.0.0.0" */
  readonly host?: string;
  readonly port: number;
  /**
   * Folder for what it would leave in /tmp; it exists. A short path: vLLM adds 37 characters for its sockets, and Linux
   * takes 107 in all.
   */
  readonly temporary?: string;
}

/** One flag that is not as the pod has it. */
export interface ReplacedFlag {
  /** Its value here instead, from the pod's (where it has one); undefined leaves the flag out. */
  readonly instead: (value: string | undefined, args: VllmArgs) => string | undefined;
  /** Whether it is there even if the pod has none. */
  readonly always?: true;
  readonly why: string;
}

const leftOut = (why: string): ReplacedFlag => ({ instead: () => undefined, why });
const always = (value: string, why: string): ReplacedFlag => ({ instead: () => value, always: true, why });

/** Tokens of KV cache cost 1 KiB each in the tiny model: room for 65,536. */
const CACHE_MEMORY = "64M";
const WEIGHTS = "the weights are those of the tiny model, in a folder of this machine";

export const REPLACED_FLAGS: Readonly<Record<string, ReplacedFlag>> = {
  "--revision": leftOut(WEIGHTS),
  "--tokenizer-revision": leftOut(WEIGHTS),
  "--load-format": leftOut(`${WEIGHTS}: nothing is streamed from S3`),
  "--model-loader-extra-config": leftOut(`${WEIGHTS}: nothing is streamed from S3`),
  "--hf-overrides": leftOut("it changes the config of weights that are not here"),
  "--quantization": leftOut("the tiny weights are not quantised"),
  "--kv-cache-dtype": leftOut("a CPU's cache has the type that it computes in"),
  "--attention-backend": leftOut("the CPU has one of its own"),
  "--dtype": always("float32", "most CPUs do not compute in 16 bits"),
  "--tensor-parallel-size": { instead: () => "1", why: "there is no GPU to share the work with" },
  "--max-model-len": {
    instead: (value) => String(Math.min(tokensIn(value), TINY_CONTEXT)),
    why: `the tiny model was made for ${TINY_CONTEXT} tokens`,
  },
  "--gpu-memory-utilization": leftOut("there is no GPU memory to have a share of"),
  "--kv-cache-memory-bytes": always(CACHE_MEMORY, "vLLM would size it by the memory of this machine"),
  "--max-num-seqs": {
    instead: (value) => value ?? "8",
    always: true,
    why: "a CPU that works on 256 requests at once answers none in time; the pod's own number stands",
  },
  "--enforce-eager": always("", "compiling needs a C compiler, and gains nothing here"),
  "--host": {
    instead: (_, { host = "0.0.0.0" }) => host,
    always: true,
    why: "where the stage wants it: in a pod's own network all addresses, as by vLLM's default",
  },
  "--port": { instead: (_, { port }) => String(port), always: true, why: "the pod's container port" },
};

/** A count of vLLM's, of which `auto` and -1 are as many as the model can. */
const tokensIn = (value = ""): number => (/^\d+$/.test(value) ? Number(value) : Number.POSITIVE_INFINITY);

export interface ReplacedVariable {
  /** Undefined takes it out. */
  readonly value: string | undefined;
  readonly why: string;
}

export const REPLACED_ENV: Readonly<Record<string, ReplacedVariable>> = {
  LD_LIBRARY_PATH: { value: undefined, why: "the driver's libraries, of which there are none" },
  HF_HUB_OFFLINE: { value: "1", why: "the model is here, and the stage has no way to the hub" },
  // By default each process keeps to cores of its own, and all of them to the same.
  VLLM_CPU_OMP_THREADS_BIND: { value: "nobind", why: "several engines share the cores of one machine" },
  OMP_NUM_THREADS: { value: "1", why: "a model this small gains next to nothing by a second core" },
  GLOO_SOCKET_IFNAME: { value: "lo", why: "the name of this machine leads nowhere in a pod's network" },
};

/** `vllm serve` on this machine, as the pod would run it. */
export function vllmProgram(args: VllmArgs): Program {
  const [, ...flags] = args.podArgs;
  const given = new Set<string>();
  const kept = flags.flatMap((arg) => {
    const [, flag = arg, value] = /^(--[^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    given.add(flag);
    return written(flag, value, args) ?? arg;
  });
  const added = Object.entries(REPLACED_FLAGS)
    .filter(([flag, replaced]) => replaced.always && !given.has(flag))
    .flatMap(([flag]) => written(flag, undefined, args) ?? []);
  const env: Record<string, string> = { ...args.env };
  for (const [name, { value }] of Object.entries(REPLACED_ENV))
    if (value === undefined) delete env[name];
    else env[name] = value;
  if (args.temporary !== undefined) env.TMPDIR = args.temporary;
  return { command: join(dirname(args.python), "vllm"), args: ["serve", args.model, ...kept, ...added], env };
}

/** A flag as it is here; undefined where it is the pod's own business. */
function written(flag: string, value: string | undefined, args: VllmArgs): readonly string[] | undefined {
  const replaced = Object.hasOwn(REPLACED_FLAGS, flag) ? REPLACED_FLAGS[flag] : undefined;
  if (replaced === undefined) return undefined;
  const instead = replaced.instead(value, args);
  if (instead === undefined) return [];
  return [instead === "" ? flag : `${flag}=${instead}`];
}
