import type { GpuName } from "./gpus";

/** One EC2 instance type with GPUs, as Kubernetes and the planner see it. */
export interface InstanceFacts {
  readonly gpu: GpuName;
  /** GPUs in the instance. */
  readonly gpus: number;
  readonly vcpus: number;
  /** CPU that pods can request, in millicores: what EKS leaves after kubelet and system reservations. */
  readonly allocatableCpuMillis: number;
  /** Memory that pods can request, in MiB. */
  readonly allocatableMemoryMib: number;
  /** Local NVMe, in GB; all of it becomes one RAID 0 volume for the kubelet. */
  readonly nvmeGb: number;
  /** EFA interfaces; 0 where the type has none. */
  readonly efaInterfaces: number;
  /** Network rate that is always there, in Gbit/s. */
  readonly networkGbps: number;
  /** Network rate for some minutes while credits last, in Gbit/s: what AWS sells as "up to". */
  readonly networkBurstGbps: number;
  /** Highest rate to EBS, in Mbit/s; small types hold it for 30 minutes a day. */
  readonly ebsMbps: number;
  /** On demand, in USD an hour in `PRICE_REGION`; absent where AWS sells the type in capacity blocks only. */
  readonly onDemandUsdPerHour?: number;
}

/** Where and when the prices below were read. */
export const PRICE_REGION = "us-east-1";
export const PRICE_DATE = "2026-07-20";

/**
 * Type, GPU, GPUs, vCPUs, allocatable CPU (millicores) and memory (MiB), NVMe (GB), EFA interfaces, network (Gbit/s) always
 * and at most, EBS (Mbit/s), USD an hour.
 */
type Row = [string, GpuName, number, number, number, number, number, number, number, number, number, number | null];

/**
 * The GPU instance types the kit can launch, cheapest first within a GPU and a GPU count.
 * Sources: the generated instance reference and on-demand price list of Karpenter's AWS provider, commit 1d92708; bursts:
 * the "up to" figures of AWS's instance pages (recalled).
 */
const ROWS: Row[] = [
  ["g5.xlarge", "a10g", 1, 4, 3920, 14162, 250, 0, 2.5, 10, 3500, 1.006],
  ["g5.2xlarge", "a10g", 1, 8, 7910, 29317, 450, 0, 5, 10, 3500, 1.212],
  ["g5.4xlarge", "a10g", 1, 16, 15890, 57691, 600, 0, 10, 25, 4750, 1.624],
  ["g5.8xlarge", "a10g", 1, 32, 31850, 118312, 900, 1, 25, 25, 16000, 2.448],
  ["g5.16xlarge", "a10g", 1, 64, 63770, 239554, 1900, 1, 25, 25, 16000, 4.096],
  ["g5.12xlarge", "a10g", 4, 48, 47810, 173400, 3800, 1, 40, 40, 16000, 5.672],
  ["g5.24xlarge", "a10g", 4, 96, 95690, 355262, 3800, 1, 50, 50, 19000, 8.144],
  ["g5.48xlarge", "a10g", 8, 192, 191450, 723299, 7600, 1, 100, 100, 19000, 16.288],
  ["g6.xlarge", "l4", 1, 4, 3920, 14162, 250, 0, 2.5, 10, 5000, 0.8048],
  ["g6.2xlarge", "l4", 1, 8, 7910, 29317, 450, 0, 5, 10, 5000, 0.9776],
  ["g6.4xlarge", "l4", 1, 16, 15890, 57691, 600, 0, 10, 25, 8000, 1.3232],
  ["gr6.4xlarge", "l4", 1, 16, 15890, 118312, 600, 0, 10, 25, 8000, 1.5392],
  ["g6.8xlarge", "l4", 1, 32, 31850, 118312, 900, 1, 25, 25, 16000, 2.0144],
  ["gr6.8xlarge", "l4", 1, 32, 31850, 239554, 900, 1, 25, 25, 16000, 2.4464],
  ["g6.16xlarge", "l4", 1, 64, 63770, 234021, 1880, 1, 25, 25, 20000, 3.3968],
  ["g6.12xlarge", "l4", 4, 48, 47810, 178933, 3760, 1, 40, 40, 20000, 4.6016],
  ["g6.24xlarge", "l4", 4, 96, 95690, 355262, 3760, 1, 50, 50, 30000, 6.6752],
  ["g6.48xlarge", "l4", 8, 192, 191450, 718987, 7520, 1, 100, 100, 60000, 13.3504],
  ["g6e.xlarge", "l40s", 1, 4, 3920, 29317, 250, 0, 2.5, 20, 5000, 1.861],
  ["g6e.2xlarge", "l40s", 1, 8, 7910, 59627, 450, 0, 5, 20, 5000, 2.24208],
  ["g6e.4xlarge", "l40s", 1, 16, 15890, 118312, 600, 0, 20, 20, 8000, 3.00424],
  ["g6e.8xlarge", "l40s", 1, 32, 31850, 239554, 900, 1, 25, 25, 16000, 4.52856],
  ["g6e.16xlarge", "l40s", 1, 64, 63770, 476504, 1900, 1, 35, 35, 20000, 7.57719],
  ["g6e.12xlarge", "l40s", 4, 48, 47810, 360157, 3800, 1, 100, 100, 20000, 10.49264],
  ["g6e.24xlarge", "l40s", 4, 96, 95690, 721682, 3800, 2, 200, 200, 30000, 15.06559],
  ["g6e.48xlarge", "l40s", 8, 192, 191450, 1449132, 7600, 4, 400, 400, 60000, 30.13118],
  ["p4d.24xlarge", "a100", 8, 96, 95690, 1082712, 8000, 4, 400, 400, 19000, 21.957642],
  ["p4de.24xlarge", "a100-80gb", 8, 96, 95690, 1082712, 8000, 4, 400, 400, 19000, 27.44705],
  ["p5.4xlarge", "h100", 1, 16, 15890, 240830, 3800, 1, 100, 100, 10000, 6.88],
  ["p5.48xlarge", "h100", 8, 192, 191450, 1938410, 30400, 32, 3200, 3200, 80000, 55.04],
  ["p5en.48xlarge", "h200", 8, 192, 191450, 1937332, 30400, 16, 3200, 3200, 100000, 63.296],
  ["p5e.48xlarge", "h200", 8, 192, 191450, 1938410, 30400, 32, 3200, 3200, 80000, null],
  ["g7e.2xlarge", "rtx-pro-6000", 1, 8, 7910, 57471, 1900, 0, 50, 50, 5000, 3.36312],
  ["g7e.4xlarge", "rtx-pro-6000", 1, 16, 15890, 115320, 1900, 0, 50, 50, 8000, 3.99816],
  ["g7e.8xlarge", "rtx-pro-6000", 1, 32, 31850, 236562, 1900, 1, 100, 100, 16000, 5.26824],
  ["g7e.12xlarge", "rtx-pro-6000", 2, 48, 47810, 477659, 3800, 1, 400, 400, 25000, 8.28608],
  ["g7e.24xlarge", "rtx-pro-6000", 4, 96, 95690, 962625, 7600, 2, 800, 800, 50000, 16.57216],
  ["g7e.48xlarge", "rtx-pro-6000", 8, 192, 191450, 1932558, 15200, 4, 1600, 1600, 100000, 33.14432],
  ["p6-b200.48xlarge", "b200", 8, 192, 191450, 1937332, 30400, 8, 3200, 3200, 100000, 113.9328],
];

function facts([
  ,
  gpu,
  gpus,
  vcpus,
  cpu,
  memory,
  nvmeGb,
  efaInterfaces,
  networkGbps,
  burst,
  ebsMbps,
  price,
]: Row): InstanceFacts {
  return {
    gpu,
    gpus,
    vcpus,
    allocatableCpuMillis: cpu,
    allocatableMemoryMib: memory,
    nvmeGb,
    efaInterfaces,
    networkGbps,
    networkBurstGbps: burst,
    ebsMbps,
    ...(price === null ? {} : { onDemandUsdPerHour: price }),
  };
}

// Without a prototype: a type that a user calls `toString` is no row.
export const INSTANCES: Readonly<Record<string, InstanceFacts>> = Object.assign(
  Object.create(null),
  Object.fromEntries(ROWS.map((row) => [row[0], facts(row)])),
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
