import { DISK, NODE } from "./cold-start-constants";
import { type EngineStart, engineStages, type WeightsFrom } from "./cold-start-engine";
import {
  type ImageShape,
  imageStage,
  KIT_IMAGE,
  type Machine,
  nodeDisk,
  nodeStages,
  type Stage,
} from "./cold-start-node";

/** How a stack starts a replica. The kit's own way where something is left out: `KIT_COLD_START`. */
export interface ColdStartOptions {
  /** `new`: Karpenter has to start a node. `warm`: a node with the image on it waits. */
  readonly node: "new" | "warm";
  /** Where the driver comes from, as in the stack file. */
  readonly driver: "ami" | "operator";
  readonly image: ImageShape;
  /** Parallel pull and unpack (`FastImagePull`). */
  readonly soci: boolean;
  /** The image lies on a volume made from a snapshot. */
  readonly bakedImage: boolean;
  /** Images and caches on the instance's NVMe in RAID 0, where it has some. */
  readonly instanceStore: boolean;
  /** Rate of the root volume otherwise, in bytes a second. */
  readonly volumeBytesPerSecond: number;
  readonly weights: WeightsFrom;
  readonly compile: boolean;
  readonly compileCache: "s3" | "volume" | "none";
  /** Batch sizes with a CUDA graph; the engine's default where absent, 0 for none. */
  readonly captureSizes?: number;
  readonly engineVersion: string;
  /** Seconds between readiness probes. */
  readonly probeSeconds: number;
}

/** What the kit does without being asked. */
export const KIT_COLD_START: ColdStartOptions = {
  node: "new",
  driver: "ami",
  image: KIT_IMAGE,
  soci: true,
  bakedImage: false,
  instanceStore: true,
  volumeBytesPerSecond: DISK.gp3,
  weights: { source: "s3", streamed: true },
  compile: true,
  compileCache: "s3",
  engineVersion: "0.32.0",
  probeSeconds: 5,
};

/** The Ubuntu image of the operator keeps everything on its root volume, to which the kit gives its full rate. */
const OPERATOR_DISK = { instanceStore: false, volumeBytesPerSecond: DISK.gp3Most } as const;

/** One replica on one node. */
export interface ColdStartRequest {
  readonly model: { readonly weightBytes: number; readonly layers: number };
  /** The node's instance: a row of `INSTANCES`, or one's own. */
  readonly machine: Machine;
  /** GPUs of the replica. */
  readonly gpus: number;
  readonly options?: Partial<ColdStartOptions>;
}

/** What one change would save. */
export interface Saving {
  readonly change: string;
  readonly seconds: number;
}

export interface ColdStart {
  readonly stages: readonly Stage[];
  /** From the request that finds nothing awake to a ready engine; the sum of the stages. */
  readonly totalSeconds: number;
  /** Changes that save at least a second, the best first. Each alone; together they save less than their sum. */
  readonly savings: readonly Saving[];
}

const sum = (stages: readonly Stage[]) => stages.reduce((total, { seconds }) => total + seconds, 0);

function stagesOf({ model, machine, gpus }: ColdStartRequest, options: ColdStartOptions): Stage[] {
  const disk = nodeDisk(machine, options.instanceStore, options.volumeBytesPerSecond);
  const start: EngineStart = {
    ...model,
    gpus,
    version: options.engineVersion,
    weights: options.weights,
    compile: options.compile,
    compileCache: options.compileCache,
    captureSizes: options.captureSizes,
    probeSeconds: options.probeSeconds,
  };
  const baked: Stage = { name: "image", seconds: NODE.bakedImageSeconds, how: "on a volume made from a snapshot" };
  return [
    ...(options.node === "new"
      ? [
          ...nodeStages(options.driver),
          options.bakedImage ? baked : imageStage(options.image, machine, disk, options.soci),
        ]
      : []),
    { name: "container", seconds: NODE.containerSeconds, how: "sandbox, volumes, start" },
    ...engineStages(start, machine, disk),
  ];
}

/** Changes worth trying, as a user would say them. */
const CHANGES: readonly { readonly change: string; readonly options: Partial<ColdStartOptions> }[] = [
  { change: "keep a node awake that has the image", options: { node: "warm" } },
  { change: "take the driver from the machine image", options: { driver: "ami" } },
  { change: "bake the image into a volume snapshot", options: { bakedImage: true } },
  { change: "pull the image in parallel (SOCI)", options: { soci: true } },
  { change: "put images and caches on the local NVMe", options: { instanceStore: true } },
  { change: "root volume of 1000 MiB/s", options: { instanceStore: false, volumeBytesPerSecond: DISK.gp3Most } },
  { change: "stream the weights from S3", options: { weights: { source: "s3", streamed: true } } },
  { change: "keep compiled kernels in S3", options: { compileCache: "s3" } },
  { change: "capture CUDA graphs for 8 batch sizes only", options: { captureSizes: 8 } },
];

function checked(request: ColdStartRequest): ColdStartOptions {
  const { model, machine, gpus } = request;
  for (const [name, value] of Object.entries({ ...model, gpus, vcpus: machine.vcpus, network: machine.networkGbps }))
    if (!(value > 0)) throw new RangeError(`cold start: ${name} is ${value}; it must be above 0`);
  if (gpus > machine.gpus)
    throw new RangeError(`cold start: a replica of ${gpus} GPUs does not fit an instance with ${machine.gpus}`);
  const disk = request.options?.driver === "operator" ? OPERATOR_DISK : {};
  return { ...KIT_COLD_START, ...disk, ...request.options };
}

/** Every stage of a cold start with its seconds, and what would shorten it. */
export function coldStart(request: ColdStartRequest): ColdStart {
  const options = checked(request);
  const stages = stagesOf(request, options);
  const totalSeconds = sum(stages);
  const savings = CHANGES.map(({ change, options: changed }) => ({
    change,
    seconds: totalSeconds - sum(stagesOf(request, { ...options, ...changed })),
  }))
    .filter(({ seconds }) => seconds >= 1)
    .sort((a, b) => b.seconds - a.seconds);
  return { stages, totalSeconds, savings };
}

/** Seconds from the first request while asleep to a ready engine: what `holdChain` starts from. */
export function coldStartSeconds(request: ColdStartRequest): number {
  return sum(stagesOf(request, checked(request)));
}
