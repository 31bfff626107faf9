import type { Fault } from "../components/errors";
import { steadyFault } from "../components/gpu-pool-objects";
import { gpuCounts, INSTANCES, instanceTypesWith } from "../planner/instances";
import { nearest } from "../planner/near-name";
import { replicaRequests, sharedMemoryMib } from "../planner/pod-requests";
import type { EksPoolConfig, GpuPoolConfig } from "./config";
import type { Readable } from "./config-rules";
import { instanceFacts, isEksPool, nodeImage, nodesOf, poolSpec, poolsOf } from "./pools";

/** Faults of GPU pools: what AWS does not offer, and settings that contradict each other. */
export function poolRules(readable: Readable): Fault[] {
  const { gpuPools = {}, models = {}, allModels } = readable;
  const faults: Fault[] = [];
  for (const [name, pool] of Object.entries(gpuPools)) {
    const add = (setting: string, message: string) => faults.push({ path: `gpuPools.${name}.${setting}`, message });
    if (allModels && !Object.values(models).some((model) => poolsOf(model, gpuPools).some(([used]) => used === name)))
      faults.push({
        path: `gpuPools.${name}`,
        message: `no model runs on ${pool.gpusPerNode} × ${pool.gpu} nodes; remove the pool, or name ${pool.gpu} in a model's gpu`,
      });
    faults.push(...shareFaults(name, pool, readable));
    if (!isEksPool(pool)) continue;
    if (!gpuCounts(pool.gpu).includes(pool.gpusPerNode))
      add(
        "gpusPerNode",
        `no EC2 type has ${pool.gpusPerNode} × ${pool.gpu}; possible: ${gpuCounts(pool.gpu).join(", ")}`,
      );
    else faults.push(...typeFaults(name, pool));
    if (pool.maxGpus + pool.steadyNodes === 0)
      add("maxGpus", "0 with steadyNodes 0 is a pool without a node; raise one, or remove the pool");
    if (pool.maxGpus % pool.gpusPerNode !== 0)
      add(
        "maxGpus",
        `${pool.maxGpus} is not a multiple of gpusPerNode ${pool.gpusPerNode}; a node comes with all its GPUs`,
      );
    if (pool.maxGpus > 0 && pool.capacity.length === 0)
      add("capacity", "is empty, but maxGpus allows elastic nodes; name on-demand or spot");
    if (new Set(pool.capacity).size < pool.capacity.length)
      add("capacity", `${pool.capacity.join(", ")} names a kind twice`);
    if (pool.capacity.includes("reserved") !== pool.reservationIds.length > 0)
      add("reservationIds", "and capacity `reserved` go together; name the reservations, or leave both out");
    faults.push(...steadyFaults(name, pool, readable));
    if (pool.disk < 60) add("disk", `${pool.disk}Gi is too small for an engine image; use at least 60Gi`);
  }
  return faults;
}

/** What an engine needs at least: a core, and 2 GiB beside what /dev/shm may fill. */
const MIN_CPU_MILLIS = 1000;
const MIN_MEMORY_MIB = 2048;

/** A replica has its GPUs' share of a node, after the daemons; with too little of it no engine starts. */
function shareFaults(name: string, pool: GpuPoolConfig, { models = {}, gpuPools = {} }: Readable): Fault[] {
  const nodes = nodesOf(name, pool);
  const here = Object.entries(models).filter(([, model]) => poolsOf(model, gpuPools).some(([used]) => used === name));
  if (nodes.length === 0) return [];
  return here.flatMap(([model, { gpusPerReplica }]) => {
    const { cpuMillis, memoryMib } = replicaRequests(nodes, gpusPerReplica);
    const sharedMib = sharedMemoryMib(gpusPerReplica);
    if (cpuMillis >= MIN_CPU_MILLIS && memoryMib >= MIN_MEMORY_MIB + sharedMib) return [];
    return [
      {
        path: `gpuPools.${name}.${isEksPool(pool) ? "instanceTypes" : "allocatable"}`,
        message:
          `leaves a replica of ${model} (${gpusPerReplica} of ${pool.gpusPerNode} GPUs) ${Math.max(0, cpuMillis)}m CPU and ` +
          `${Math.max(0, memoryMib)}Mi of memory after the node's daemons; it needs at least ${MIN_CPU_MILLIS}m, and ` +
          `${MIN_MEMORY_MIB + sharedMib}Mi (${sharedMib}Mi of it for /dev/shm); use larger nodes`,
      },
    ];
  });
}

/** What nodes that always run need: an image that a managed node group can name, and a zone where their block is. */
function steadyFaults(name: string, pool: EksPoolConfig, { cluster, drivers }: Readable): Fault[] {
  const faults: Fault[] = [];
  const add = (setting: string, message: string) => faults.push({ path: `gpuPools.${name}.${setting}`, message });
  const { capacityBlock, steadyNodes } = pool;
  if (capacityBlock !== undefined && poolSpec(name, pool).instanceTypes.length > 1)
    add(
      "instanceTypes",
      `has to name the one type of the capacity block; possible: ${poolSpec(name, pool).instanceTypes.join(", ")}`,
    );
  if (capacityBlock !== undefined && steadyNodes === 0) add("capacityBlock", "is for steady nodes; set steadyNodes");
  if (cluster === undefined || "adopt" in cluster || drivers === undefined || steadyNodes === 0) return faults;
  if (capacityBlock !== undefined && !cluster.zones.includes(capacityBlock.zone))
    add(
      "capacityBlock.zone",
      `${capacityBlock.zone} is not among cluster.zones ${cluster.zones.join(", ")}; add it there`,
    );
  const { kubernetes } = cluster;
  const fault = steadyFault({ image: nodeImage(drivers, kubernetes), kubernetes });
  if (fault !== undefined) add("steadyNodes", fault);
  return faults;
}

function typeFaults(name: string, pool: EksPoolConfig): Fault[] {
  const fitting = instanceTypesWith(pool.gpu, pool.gpusPerNode);
  return (pool.instanceTypes ?? []).flatMap((type, index) => {
    if (fitting.includes(type)) return [];
    const facts = instanceFacts(type);
    const near = nearest(type, Object.keys(INSTANCES));
    const what = facts
      ? `has ${facts.gpus} × ${facts.gpu}, the pool asks for ${pool.gpusPerNode} × ${pool.gpu}`
      : `is not an instance type this kit knows${near ? `; did you mean "${near}"?` : ""}`;
    return [
      { path: `gpuPools.${name}.instanceTypes[${index}]`, message: `${type} ${what}; fitting: ${fitting.join(", ")}` },
    ];
  });
}
