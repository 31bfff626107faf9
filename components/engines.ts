import type { HoldChain } from "../planner/hold";
import { type ImageVersion, images } from "./versions";

/** Where an engine finds the weights, every address known. */
export type WeightsLocation =
  | { readonly kind: "s3"; readonly uri: string }
  | { readonly kind: "hub"; readonly repository: string; readonly revision: string };

/** What decides an engine's command line. */
export interface EngineLaunch {
  /** The `model` of a request. */
  readonly servedName: string;
  readonly weights: WeightsLocation;
  /** Longest prompt plus answer, in tokens. */
  readonly contextLength: number;
  readonly quantization?: string;
  readonly gpus: number;
  /** Memory of the whole replica. */
  readonly memoryMib: number;
  readonly hold: Pick<HoldChain, "shutdownTimeoutSeconds">;
  /** The user's own flags. */
  readonly extraArgs: readonly string[];
}

/** All that the kit knows of one inference engine. A new engine is a new row; charts and components stay as they are. */
export interface Engine {
  readonly image: ImageVersion;
  readonly command: readonly string[];
  /** Flags that a user's would contradict, each with what to do instead. */
  readonly ownFlags: Readonly<Record<string, string>>;
  /** Arguments after the command, the user's last so that they win. */
  readonly args: (launch: EngineLaunch) => string[];
  readonly env: (launch: EngineLaunch) => Record<string, string>;
  /** Numeric user and group that the image is made to run as, besides root. */
  readonly userId: number;
  readonly groupId: number;
  readonly port: number;
  /** Answers 200 once the model can serve, and not before. */
  readonly healthPath: string;
  readonly metricsPath: string;
  /** What the endpoint picker reads to choose a replica. */
  readonly metrics: {
    readonly queued: string;
    readonly running: string;
    /** Share of the KV cache in use, 0 to 1. */
    readonly kvUsage: string;
    /** Size of the KV cache, in labels. */
    readonly cacheInfo: string;
  };
  /** Counters of tokens taken in and given out: one that grows tells that the engine is used, however short the answer. */
  readonly tokenCounters: readonly [string, ...string[]];
}

/** Volume on the node's local disk; the root file system is read-only. */
const CACHE = "/cache";
/** The part of it that is worth keeping in S3. */
const COMPILE_CACHE = `${CACHE}/compile`;

/** Share of a GPU's memory that vLLM plans with; its own default, written down so that a new version cannot move it. */
export const VLLM_GPU_MEMORY_UTILIZATION = 0.92;
/** S3 readers of one vLLM process; one per 4 GB of weights is enough, and 16 fill a 25 Gbit/s network card. */
const STREAMER_CONCURRENCY = 16;
/** Share of the pod's memory in which weights wait for the GPU; the streamer's own default is 40 GB, whatever the pod has. */
const STREAMER_MEMORY_SHARE = 0.4;

/** Flags for vLLM's own reading of weights: streamed from S3, or by the hub's client into the cache. */
function vllmWeightsArgs({ weights, gpus, memoryMib }: EngineLaunch): string[] {
  if (weights.kind === "hub")
    return [weights.repository, `--revision=${weights.revision}`, `--tokenizer-revision=${weights.revision}`];
  const loader = {
    concurrency: STREAMER_CONCURRENCY,
    // Each GPU has a process with a buffer of its own.
    memory_limit: Math.floor((memoryMib * STREAMER_MEMORY_SHARE) / gpus) * 2 ** 20,
    ...(gpus > 1 ? { distributed: true } : {}),
  };
  return [weights.uri, "--load-format=runai_streamer", `--model-loader-extra-config=${JSON.stringify(loader)}`];
}

/** Each of them comes from a setting of its own, or has one value that the pod's probes, router and volumes count on. */
const VLLM_OWN_FLAGS: Readonly<Record<string, string>> = {
  "--model": "set source",
  "--revision": "set source",
  "--tokenizer-revision": "set source",
  "--served-model-name": "it is the model's name under models",
  "--max-model-len": "set contextLength",
  "--quantization": "set quantization",
  "--tensor-parallel-size": "set gpusPerReplica",
  "--pipeline-parallel-size": "set gpusPerReplica",
  "--data-parallel-size": "set replicas",
  "--shutdown-timeout": "set longestGeneration",
  "--load-format": "weights are streamed from the store",
  "--model-loader-extra-config": "weights are streamed from the store",
  "--api-key": "keys are the gateway's",
  "--host": "the router looks for the engine where the kit puts it",
  "--port": "the router looks for the engine where the kit puts it",
  "--uds": "the router looks for the engine where the kit puts it",
  "--root-path": "the router looks for the engine where the kit puts it",
  "--ssl-keyfile": "TLS ends at the load balancer",
  "--ssl-certfile": "TLS ends at the load balancer",
  "--headless": "every replica serves requests",
  "--config": "name the flags one by one",
};

const vllm: Engine = {
  image: images.vllm,
  command: ["vllm", "serve"],
  ownFlags: VLLM_OWN_FLAGS,
  args: (launch) => [
    ...vllmWeightsArgs(launch),
    `--served-model-name=${launch.servedName}`,
    `--tensor-parallel-size=${launch.gpus}`,
    `--max-model-len=${launch.contextLength}`,
    `--gpu-memory-utilization=${VLLM_GPU_MEMORY_UTILIZATION}`,
    ...(launch.quantization === undefined ? [] : [`--quantization=${launch.quantization}`]),
    // Without it SIGTERM cuts the running answers, some of them with status 200 and no end.
    `--shutdown-timeout=${launch.hold.shutdownTimeoutSeconds}`,
    "--disable-access-log-for-endpoints=/health,/metrics",
    ...launch.extraArgs,
  ],
  env: ({ weights }) => ({
    VLLM_CACHE_ROOT: `${COMPILE_CACHE}/vllm`,
    VLLM_NO_USAGE_STATS: "1",
    ...(weights.kind === "s3" ? { HF_HUB_OFFLINE: "1" } : {}),
  }),
  // The user `vllm` of the image. Source: vllm-project/vllm#40275.
  userId: 2000,
  groupId: 0,
  port: 8000,
  healthPath: "/health",
  metricsPath: "/metrics",
  metrics: {
    queued: "vllm:num_requests_waiting",
    running: "vllm:num_requests_running",
    kvUsage: "vllm:kv_cache_usage_perc",
    cacheInfo: "vllm:cache_config_info",
  },
  tokenCounters: ["vllm:prompt_tokens_total", "vllm:generation_tokens_total"],
};

/** Environment of every engine: caches on the local disk, the driver's libraries, a name for a user without one. */
export const COMMON_ENGINE_ENV: Readonly<Record<string, string>> = {
  HOME: `${CACHE}/home`,
  XDG_CACHE_HOME: `${CACHE}/xdg`,
  HF_HOME: `${CACHE}/huggingface`,
  TORCHINDUCTOR_CACHE_DIR: `${COMPILE_CACHE}/torchinductor`,
  TRITON_CACHE_DIR: `${COMPILE_CACHE}/triton`,
  FLASHINFER_WORKSPACE_BASE: `${COMPILE_CACHE}/flashinfer`,
  // PyTorch asks for the user's name when it is imported.
  USER: "engine",
  DO_NOT_TRACK: "1",
  // The driver's own libcuda before the image's: newer images on driver 580 fail with CUDA error 803 otherwise.
  // Source: vllm-project/vllm#33447.
  LD_LIBRARY_PATH: "/usr/local/nvidia/lib64:/usr/lib/x86_64-linux-gnu:/usr/local/cuda/lib64",
};

export const ENGINES = { vllm } as const satisfies Record<string, Engine>;

export type EngineName = keyof typeof ENGINES;

export const ENGINE_NAMES = Object.keys(ENGINES) as [EngineName, ...EngineName[]];
