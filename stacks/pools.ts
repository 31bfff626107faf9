import type { GpuPoolSpec, NodeImage } from "../components/gpu-pool-objects";
import { amis } from "../components/versions";
import { INSTANCES, type InstanceFacts, instanceTypesWith } from "../planner/instances";
import type { NodeCapacity } from "../planner/pod-requests";
import type { EksPoolConfig, GpuPoolConfig, ModelConfig, StackConfig } from "./config";

/*
 * Which pools a model runs on, and what their nodes are: asked by the rules and by the program alike.
 */

export const isEksPool = (pool: GpuPoolConfig): pool is EksPoolConfig => !("nodeSelector" in pool);

/** The pools a model can run on, in the model's order of GPUs. */
export function poolsOf(model: ModelConfig, pools: Readonly<Record<string, GpuPoolConfig>>): [string, GpuPoolConfig][] {
  return model.gpu.flatMap((gpu) =>
    Object.entries(pools).filter(([, pool]) => pool.gpu === gpu && pool.gpusPerNode >= model.gpusPerReplica),
  );
}

/** The image that GPU nodes boot. */
export function nodeImage(drivers: StackConfig["drivers"], kubernetes: string): NodeImage {
  return drivers.from === "operator"
    ? { driver: "operator", kubernetes }
    : { driver: "ami", release: drivers.version ?? amis.al2023.release };
}

/** GPUs that a pool can offer at most: its elastic limit and its steady nodes. */
export function gpusOf(pool: GpuPoolConfig): number {
  return isEksPool(pool) ? pool.maxGpus + pool.steadyNodes * pool.gpusPerNode : Number.POSITIVE_INFINITY;
}

/** A pool as components/gpu-pool.ts takes it. */
export function poolSpec(name: string, pool: EksPoolConfig): GpuPoolSpec {
  return {
    name,
    gpu: pool.gpu,
    gpusPerNode: pool.gpusPerNode,
    instanceTypes: pool.instanceTypes ?? instanceTypesWith(pool.gpu, pool.gpusPerNode),
    capacity: pool.capacity,
    steadyNodes: pool.steadyNodes,
    maxGpus: pool.maxGpus,
    reservationIds: pool.reservationIds,
    emptyForSeconds: pool.emptyFor,
    diskGib: pool.disk,
    capacityBlockId: pool.capacityBlock?.id,
  };
}

/** What the kit knows of an EC2 type that a user wrote, if anything. */
export const instanceFacts = (type: string): InstanceFacts | undefined =>
  Object.hasOwn(INSTANCES, type) ? INSTANCES[type] : undefined;

/** What the nodes of a pool have to give to pods, each kind of node once. */
export function nodesOf(name: string, pool: GpuPoolConfig): NodeCapacity[] {
  if (isEksPool(pool)) return poolSpec(name, pool).instanceTypes.flatMap((type) => instanceFacts(type) ?? []);
  const { cpu, memory } = pool.allocatable;
  return [{ gpus: pool.gpusPerNode, allocatableCpuMillis: cpu * 1000, allocatableMemoryMib: memory * 1024 }];
}
