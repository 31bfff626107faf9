import type { GpuName } from "./gpus";

/** One EC2 instance type with GPUs, as Kubernetes sees it. */
export interface InstanceFacts {
  readonly gpu: GpuName;
  /** GPUs in the instance. */
  readonly gpus: number;
  /** CPU that pods can request, in millicores: what EKS leaves after kubelet and system reservations. */
  readonly allocatableCpuMillis: number;
  /** Memory that pods can request, in MiB. */
  readonly allocatableMemoryMib: number;
  /** Local NVMe, in GB; all of it becomes one RAID 0 volume for the kubelet. */
  readonly nvmeGb: number;
  /** EFA interfaces; 0 where the type has none. */
  readonly efaInterfaces: number;
}

/** Type, GPU, GPUs, allocatable CPU (millicores), allocatable memory (MiB), NVMe (GB), EFA interfaces. */
type Row = [string, GpuName, number, number, number, number, number];

/**
 * The GPU instance types the kit can launch, cheapest first within a GPU and a GPU count.
 * Source: the generated instance reference and on-demand price list (us-east-1, 2026-07-20) of Karpenter's AWS provider,
 * commit 1d92708.
 */
const ROWS: Row[] = [
  ["g5.xlarge", "a10g", 1, 3920, 14162, 250, 0],
  ["g5.2xlarge", "a10g", 1, 7910, 29317, 450, 0],
  ["g5.4xlarge", "a10g", 1, 15890, 57691, 600, 0],
  ["g5.8xlarge", "a10g", 1, 31850, 118312, 900, 1],
  ["g5.16xlarge", "a10g", 1, 63770, 239554, 1900, 1],
  ["g5.12xlarge", "a10g", 4, 47810, 173400, 3800, 1],
  ["g5.24xlarge", "a10g", 4, 95690, 355262, 3800, 1],
  ["g5.48xlarge", "a10g", 8, 191450, 723299, 7600, 1],
  ["g6.xlarge", "l4", 1, 3920, 14162, 250, 0],
  ["g6.2xlarge", "l4", 1, 7910, 29317, 450, 0],
  ["g6.4xlarge", "l4", 1, 15890, 57691, 600, 0],
  ["gr6.4xlarge", "l4", 1, 15890, 118312, 600, 0],
  ["g6.8xlarge", "l4", 1, 31850, 118312, 900, 1],
  ["gr6.8xlarge", "l4", 1, 31850, 239554, 900, 1],
  ["g6.16xlarge", "l4", 1, 63770, 234021, 1880, 1],
  ["g6.12xlarge", "l4", 4, 47810, 178933, 3760, 1],
  ["g6.24xlarge", "l4", 4, 95690, 355262, 3760, 1],
  ["g6.48xlarge", "l4", 8, 191450, 718987, 7520, 1],
  ["g6e.xlarge", "l40s", 1, 3920, 29317, 250, 0],
  ["g6e.2xlarge", "l40s", 1, 7910, 59627, 450, 0],
  ["g6e.4xlarge", "l40s", 1, 15890, 118312, 600, 0],
  ["g6e.8xlarge", "l40s", 1, 31850, 239554, 900, 1],
  ["g6e.16xlarge", "l40s", 1, 63770, 476504, 1900, 1],
  ["g6e.12xlarge", "l40s", 4, 47810, 360157, 3800, 1],
  ["g6e.24xlarge", "l40s", 4, 95690, 721682, 3800, 2],
  ["g6e.48xlarge", "l40s", 8, 191450, 1449132, 7600, 4],
  ["p4d.24xlarge", "a100", 8, 95690, 1082712, 8000, 4],
  ["p4de.24xlarge", "a100-80gb", 8, 95690, 1082712, 8000, 4],
  ["p5.4xlarge", "h100", 1, 15890, 240830, 3800, 1],
  ["p5.48xlarge", "h100", 8, 191450, 1938410, 30400, 32],
  ["p5en.48xlarge", "h200", 8, 191450, 1937332, 30400, 16],
  ["p5e.48xlarge", "h200", 8, 191450, 1938410, 30400, 32],
  ["g7e.2xlarge", "rtx-pro-6000", 1, 7910, 57471, 1900, 0],
  ["g7e.4xlarge", "rtx-pro-6000", 1, 15890, 115320, 1900, 0],
  ["g7e.8xlarge", "rtx-pro-6000", 1, 31850, 236562, 1900, 1],
  ["g7e.12xlarge", "rtx-pro-6000", 2, 47810, 477659, 3800, 1],
  ["g7e.24xlarge", "rtx-pro-6000", 4, 95690, 962625, 7600, 2],
  ["g7e.48xlarge", "rtx-pro-6000", 8, 191450, 1932558, 15200, 4],
  ["p6-b200.48xlarge", "b200", 8, 191450, 1937332, 30400, 8],
];

export const INSTANCES: Readonly<Record<string, InstanceFacts>> = Object.fromEntries(
  ROWS.map(([type, gpu, gpus, allocatableCpuMillis, allocatableMemoryMib, nvmeGb, efaInterfaces]) => [
    type,
    { gpu, gpus, allocatableCpuMillis, allocatableMemoryMib, nvmeGb, efaInterfaces },
  ]),
);

/** Instance types with `gpu` and exactly `gpus` GPUs, cheapest first. */
export function instanceTypesWith(gpu: GpuName, gpus: number): string[] {
  return Object.entries(INSTANCES)
    .filter(([, facts]) => facts.gpu === gpu && facts.gpus === gpus)
    .map(([type]) => type);
}

/** How many GPUs one instance with `gpu` can have, ascending: `[1, 4, 8]` for the L40S. */
export function gpuCounts(gpu: GpuName): number[] {
  const counts = Object.values(INSTANCES)
    .filter((facts) => facts.gpu === gpu)
    .map((facts) => facts.gpus);
  return [...new Set(counts)].sort((a, b) => a - b);
}
