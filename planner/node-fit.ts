import type { InstanceFacts } from "./instances";
import { replicaRequests } from "./pod-requests";

/** What a replica asks of its node besides GPU memory. */
export interface NodeNeed {
  /** GPUs of one replica. */
  readonly gpus: number;
  /** All weights, over the replica's GPUs, in bytes. */
  readonly weightBytes: number;
  /** The largest single tensor, in bytes: a loader's buffer has to hold it. */
  readonly largestTensorBytes: number;
  /** How weights reach the GPU: streamed through a buffer, or all of them read into memory first. @default "streamed" */
  readonly loading?: "streamed" | "staged";
  /** Whether a copy of the weights lies on the node's disk, as with the hub's own client. @default false */
  readonly copyOnDisk?: boolean;
}

const MIB = 2 ** 20;
const GB = 1e9;

/**
 * One core for the server and one for each GPU's process, which waits for its GPU in a loop.
 * Source: vLLM documentation, "CPU resources for GPU deployments".
 */
const CPU_MILLIS = { server: 1000, perGpu: 1000 };
/** Server, tokenizer and scheduler; then one process a GPU with its CUDA context and libraries. An estimate, rounded up. */
const PROCESS_MIB = { server: 3072, perGpu: 2560 };
/** The share of the pod's memory that the kit gives to the streamer's buffers. */
const STREAMER_SHARE = 0.4;
/** vLLM's image is 10.8 GB to pull and about three times that on disk; both lie there while it is unpacked. An estimate. */
const IMAGE_GB = 45;
const COMPILE_CACHE_GB = 5;
/** The kubelet evicts pods below 10 % free, and a file system of its own takes some. */
const USABLE_DISK = 0.85;

const gib = (mib: number) => (mib / 1024).toFixed(1);

/** Why a node cannot carry a replica, with the numbers; empty where it can. Its GPUs' memory is checked elsewhere. */
export function nodeFaults(type: string, node: InstanceFacts, need: NodeNeed): string[] {
  if (node.gpus < need.gpus) return [`${type} has ${node.gpus} GPUs, a replica needs ${need.gpus}`];
  const pod = replicaRequests([node], need.gpus);
  const replicas = Math.floor(node.gpus / need.gpus);
  const faults: string[] = [];

  const cpuMillis = CPU_MILLIS.server + CPU_MILLIS.perGpu * need.gpus;
  if (pod.cpuMillis < cpuMillis)
    faults.push(`${type} leaves ${pod.cpuMillis}m CPU for a replica of ${need.gpus} GPUs, which needs ${cpuMillis}m`);

  const processes = PROCESS_MIB.server + PROCESS_MIB.perGpu * need.gpus;
  const staged = need.loading === "staged" ? need.weightBytes / MIB : 0;
  if (pod.memoryMib < processes + staged)
    faults.push(
      `${type} leaves ${gib(pod.memoryMib)} GiB of memory for a replica, which needs ${gib(processes)} GiB` +
        `${staged > 0 ? ` and ${gib(staged)} GiB to read the weights into` : ""}`,
    );
  const buffer = (pod.memoryMib * STREAMER_SHARE) / need.gpus;
  if (staged === 0 && need.largestTensorBytes / MIB > buffer)
    faults.push(
      `${type} leaves a loading buffer of ${gib(buffer)} GiB a GPU, and the largest tensor has ${gib(need.largestTensorBytes / MIB)} GiB`,
    );

  const copies = need.copyOnDisk ? (replicas * need.weightBytes) / GB : 0;
  const disk = IMAGE_GB + COMPILE_CACHE_GB * replicas + copies;
  if (node.nvmeGb * USABLE_DISK < disk)
    faults.push(
      `${type} has ${Math.floor(node.nvmeGb * USABLE_DISK)} GB of local disk for pods, and image, caches` +
        `${copies > 0 ? " and weights" : ""} need ${Math.ceil(disk)} GB`,
    );
  return faults;
}
