/** What a node has to give to pods, and among how many GPUs it is shared out. */
export interface NodeCapacity {
  readonly gpus: number;
  readonly allocatableCpuMillis: number;
  readonly allocatableMemoryMib: number;
}

/** CPU in millicores, memory in MiB. */
export interface PodRequests {
  readonly cpuMillis: number;
  readonly memoryMib: number;
}

/**
 * What the daemons of a GPU node request together, rounded up: CNI, kube-proxy, Pod Identity agent, device plugin, DCGM
 * exporter, feature discovery (about 250m and 350 MiB with this kit's values).
 */
const DAEMONS: PodRequests = { cpuMillis: 400, memoryMib: 768 };
/** The compile cache's sidecar beside each engine (charts/model-server). */
const SIDECAR: PodRequests = { cpuMillis: 10, memoryMib: 128 };

/**
 * What one replica may request so that it fits each of `nodes`: its GPUs' share of the smallest, after the daemons.
 * The same pod spec serves every node it may land on, so the smallest decides.
 * @param gpus GPUs of the replica.
 * @throws RangeError when there is no node, or one has too few GPUs.
 */
export function replicaRequests(nodes: readonly NodeCapacity[], gpus: number): PodRequests {
  if (nodes.length === 0) throw new RangeError("no node to fit a replica on");
  const shares = nodes.map((node) => {
    if (node.gpus < gpus) throw new RangeError(`a replica of ${gpus} GPUs does not fit a node of ${node.gpus}`);
    const share = (allocatable: number, daemons: number, sidecar: number) =>
      Math.floor(((allocatable - daemons) * gpus) / node.gpus) - sidecar;
    return {
      cpuMillis: share(node.allocatableCpuMillis, DAEMONS.cpuMillis, SIDECAR.cpuMillis),
      memoryMib: share(node.allocatableMemoryMib, DAEMONS.memoryMib, SIDECAR.memoryMib),
    };
  });
  return {
    cpuMillis: Math.min(...shares.map(({ cpuMillis }) => cpuMillis)),
    memoryMib: Math.min(...shares.map(({ memoryMib }) => memoryMib)),
  };
}

/** /dev/shm of one replica; processes of a replica with several GPUs exchange tensors through it. */
export const sharedMemoryMib = (gpus: number) => (gpus > 1 ? 8192 : 2048);
