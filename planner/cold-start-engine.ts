import { ENGINE, ENGINE_TRAITS, type EngineTraits, NETWORK } from "./cold-start-constants";
import { type DiskRates, type Machine, type Stage, transferSeconds } from "./cold-start-node";

/** Where weights come from when a pod starts. */
export type WeightsFrom =
  /** The stack's bucket. Streamed into the GPU, or downloaded to the disk first. */
  | { readonly source: "s3"; readonly streamed: boolean }
  /** Hugging Face, downloaded to the disk first. */
  | { readonly source: "hub" }
  /** A disk or network file system that holds them, of so many bytes a second. */
  | { readonly source: "volume"; readonly bytesPerSecond: number; readonly streamed: boolean }
  /** The node's memory holds them already: another pod has read them. */
  | { readonly source: "memory" };

/** What decides how long one engine takes from its container's start to its first healthy answer. */
export interface EngineStart {
  readonly weightBytes: number;
  readonly layers: number;
  /** GPUs of one replica, each with a process of its own. */
  readonly gpus: number;
  /** vLLM's release, for example `0.32.0`. */
  readonly version: string;
  readonly weights: WeightsFrom;
  /** torch.compile; off with `--enforce-eager`, and on GPUs before compute capability 8. */
  readonly compile: boolean;
  /** Whether kernels compiled before are found: in S3 (brought by an init container), on a volume, or not at all. */
  readonly compileCache: "s3" | "volume" | "none";
  /** Batch sizes with a CUDA graph; the release's default where absent, 0 for none. */
  readonly captureSizes?: number;
  /** Seconds between two readiness probes: half of it is lost on average. */
  readonly probeSeconds: number;
}

/** What the release of an engine does at its start. Throws a RangeError for what is no version. */
export function engineTraits(version: string): EngineTraits {
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  if (!match) throw new RangeError(`engine version ${JSON.stringify(version)}: write it as 0.32.0`);
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const released = ({ since }: EngineTraits) => since[0] < major || (since[0] === major && since[1] <= minor);
  return ENGINE_TRAITS.reduce((known, row) => (released(row) ? row : known));
}

/** Seconds a layer takes longer where few vCPUs feed a GPU. */
const contention = (machine: Machine) => 1 + (ENGINE.contention * machine.gpus) / machine.vcpus;

/** Graphs captured before the first answer. */
export function graphCount(start: EngineStart): number {
  const traits = engineTraits(start.version);
  return start.captureSizes === undefined ? traits.graphs : start.captureSizes * traits.graphsPerSize;
}

function importStage({ gpus, version }: EngineStart, disk: DiskRates): Stage {
  // API server, engine core, and workers where there are several: each generation imports after the one before it.
  const generations = gpus > 1 ? 3 : 2;
  const pairs = engineTraits(version).peerCheck ? gpus * (gpus - 1) : 0;
  const read = ENGINE.importBytes / disk.read;
  const several = gpus > 1 ? ENGINE.communicatorSeconds + pairs * ENGINE.peerCheckPairSeconds : 0;
  const connect = several > 0 ? `, ${several.toFixed(0)} s to connect ${gpus} GPUs` : "";
  return {
    name: "imports",
    seconds: generations * ENGINE.importSeconds + read + ENGINE.configSeconds + several,
    how: `${generations} × ${ENGINE.importSeconds} s Python, ${read.toFixed(0)} s to read it, ${ENGINE.configSeconds} s configuration${connect}`,
  };
}

/** Weights to the GPU: one stream where they are streamed, else a download, then the disk and the copy one after the other. */
function weightStages({ weights, weightBytes, gpus }: EngineStart, machine: Machine, disk: DiskRates): Stage[] {
  const size = `${(weightBytes / 1e9).toFixed(1)} GB`;
  const rate = (bytesPerSecond: number) => `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
  const copy = weightBytes / (ENGINE.copyPerProcess * gpus);
  const most = ENGINE.streamPerProcess * gpus;
  const weightsIn = (seconds: number, how: string): Stage => ({ name: "weights", seconds, how: `${size} ${how}` });
  const mapped = (read: number) => weightsIn(weightBytes / read + copy, `read at ${rate(read)}, then copied`);
  const downloaded = (seconds: number, from: string): Stage[] => [
    { name: "download", seconds: Math.max(seconds, weightBytes / disk.write), how: `${size} from ${from} to the disk` },
    mapped(disk.read),
  ];
  switch (weights.source) {
    case "memory":
      return [weightsIn(copy, `in memory, copied by ${gpus} process${gpus > 1 ? "es" : ""}`)];
    case "volume": {
      const streaming = Math.min(weights.bytesPerSecond, most);
      return weights.streamed
        ? [weightsIn(weightBytes / streaming, `streamed at ${rate(streaming)}`)]
        : [mapped(weights.bytesPerSecond)];
    }
    case "s3":
      return weights.streamed
        ? [
            weightsIn(
              transferSeconds(weightBytes, machine, most),
              `streamed from S3, at most ${machine.networkBurstGbps} Gbit/s`,
            ),
          ]
        : downloaded(transferSeconds(weightBytes, machine), "S3");
    case "hub":
      return downloaded(transferSeconds(weightBytes, machine, NETWORK.hub), "the hub");
    default: {
      const unknown: never = weights;
      throw new RangeError(`unknown source of weights ${JSON.stringify(unknown)}`);
    }
  }
}

function compileStages({ layers, compile, compileCache, version }: EngineStart, machine: Machine): Stage[] {
  if (!compile) return [];
  const slower = contention(machine);
  const cached = compileCache !== "none";
  const each = cached ? ENGINE.loadLayerSeconds : ENGINE.compileLayerSeconds;
  const kernels = cached ? 0 : engineTraits(version).kernelSeconds;
  return [
    {
      name: "trace",
      seconds: layers * ENGINE.traceLayerSeconds * slower,
      how: `${layers} layers × ${ENGINE.traceLayerSeconds} s × ${slower.toFixed(2)}`,
    },
    {
      name: "compile",
      seconds: layers * each * slower + kernels,
      how: `${layers} layers × ${each} s × ${slower.toFixed(2)}${cached ? ", from the cache" : `, ${kernels} s of kernels`}`,
    },
  ];
}

/** The stages inside the container, in their order. */
export function engineStages(start: EngineStart, machine: Machine, disk: DiskRates): Stage[] {
  const traits = engineTraits(start.version);
  const graphs = graphCount(start);
  const layer = traits.graphLayerSeconds * contention(machine);
  const estimate = traits.graphEstimate && graphs > 0 ? ENGINE.graphEstimateSeconds : 0;
  const restore: Stage = {
    name: "compile cache",
    seconds: ENGINE.restoreSeconds + transferSeconds(NETWORK.compileCacheBytes, machine),
    how: `init container, ${NETWORK.compileCacheBytes / 1e9} GB from S3`,
  };
  return [
    ...(start.compile && start.compileCache === "s3" ? [restore] : []),
    importStage(start, disk),
    ...weightStages(start, machine, disk),
    ...compileStages(start, machine),
    {
      name: "graphs",
      seconds: graphs * start.layers * layer,
      how: `${graphs} graphs × ${start.layers} layers × ${layer.toFixed(4)} s`,
    },
    {
      name: "warm-up",
      seconds: ENGINE.profileSeconds + estimate + ENGINE.serveSeconds + start.probeSeconds / 2,
      how: `${ENGINE.profileSeconds + estimate} s profiling and KV cache, ${ENGINE.serveSeconds} s server, half a probe of ${start.probeSeconds} s`,
    },
  ];
}
