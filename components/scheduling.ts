import type { GpuName } from "../planner/gpus";

/** Node selector of every pod that needs no GPU: the small managed node group of components/system-nodes.ts. */
export const SYSTEM_NODES = { "pilotlight.dev/role": "system" } as const;

/** Labels of a GPU node, elastic or steady; engines select by them. */
export const gpuNodeLabels = (pool: string, gpu: GpuName) => ({
  "pilotlight.dev/pool": pool,
  "pilotlight.dev/gpu": gpu,
});

/** Keeps every pod off GPU nodes but engines and the driver's daemons: a node with any other pod is never empty. */
export const GPU_TAINT = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" } as const;

/** For daemons that have work on GPU nodes. */
export const GPU_TOLERATION = { key: GPU_TAINT.key, operator: "Exists", effect: GPU_TAINT.effect } as const;
