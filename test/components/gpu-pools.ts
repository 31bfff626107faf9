import type { GpuPoolSpec } from "../../components/gpu-pool-objects";

/** An elastic pool of L40S nodes, with what a test wants otherwise. */
export const gpuPool = (change: Partial<GpuPoolSpec> = {}): GpuPoolSpec => ({
  name: "l40s",
  gpu: "l40s",
  gpusPerNode: 1,
  instanceTypes: ["g6e.xlarge", "g6e.2xlarge"],
  capacity: ["on-demand"],
  steadyNodes: 0,
  maxGpus: 4,
  reservationIds: [],
  emptyForSeconds: 300,
  diskGib: 200,
  ...change,
});
