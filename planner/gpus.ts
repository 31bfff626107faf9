import { OTHER_GPUS } from "./gpus-elsewhere";

/** What decides how much fits one GPU and how fast it is. Rates are dense (without sparsity) and per GPU. */
export interface GpuSpec {
  /** MiB that a CUDA program is told the GPU has: below the marketing figure and below what EC2 reports. */
  readonly deviceMib: number;
  /** Memory bandwidth, GB/s. */
  readonly bandwidthGBs: number;
  /** Tensor core rate of bf16 (fp16 where the GPU has no bf16), TFLOPS. */
  readonly bf16Tflops: number;
  /** Absent where the GPU cannot multiply the format. */
  readonly fp8Tflops?: number;
  readonly int8Tops?: number;
  readonly fp4Tflops?: number;
  /** NVLink, both directions together, GB/s; 0 where GPUs of a node talk over PCIe. */
  readonly nvlinkGBs: number;
  /** PCIe, one direction, GB/s. */
  readonly pcieGBs: number;
  readonly computeCapability: number;
}

/** What the kit knows of one GPU model that AWS rents out. */
export interface GpuFacts extends GpuSpec {
  /** The value of Karpenter's label `karpenter.k8s.aws/instance-gpu-name`. */
  readonly karpenterName: string;
  /** EC2 families that carry it. */
  readonly families: readonly string[];
  /** Memory EC2 reports for one GPU, in MiB; less than the marketing figure. */
  readonly memoryMib: number;
}

/**
 * GPU models by the name a user writes in the stack file.
 * Sources: the instance reference of Karpenter's AWS provider, commit 1d92708 (memory, label values); system tables of
 * NVIDIA's aiconfigurator, commit 095f58a, and NVIDIA's datasheets (rates); `deviceMib`: totals that CUDA out-of-memory
 * messages and vLLM logs name (A10G 22.06 GiB, A100 39.4 and 79.15, H100 79.18, H200 139.8, B200 178.35, RTX PRO 6000 94.97,
 * L4 22.03, L40S 44.4). The RTX PRO 6000 is the server part: 1597 GB/s by its datasheet, 1792 is the workstation's.
 */
export const GPUS = {
  a10g: {
    ...{ karpenterName: "a10g", families: ["g5"], memoryMib: 22888, deviceMib: 22589, computeCapability: 8.6 },
    ...{ bandwidthGBs: 600, bf16Tflops: 70, int8Tops: 140, nvlinkGBs: 0, pcieGBs: 32 },
  },
  l4: {
    ...{ karpenterName: "l4", families: ["g6", "gr6"], memoryMib: 22888, deviceMib: 22563, computeCapability: 8.9 },
    ...{ bandwidthGBs: 300, bf16Tflops: 121, fp8Tflops: 242, int8Tops: 242, nvlinkGBs: 0, pcieGBs: 32 },
  },
  l40s: {
    ...{ karpenterName: "l40s", families: ["g6e"], memoryMib: 45776, deviceMib: 45465, computeCapability: 8.9 },
    ...{ bandwidthGBs: 864, bf16Tflops: 362, fp8Tflops: 733, int8Tops: 733, nvlinkGBs: 0, pcieGBs: 32 },
  },
  a100: {
    ...{ karpenterName: "a100", families: ["p4d"], memoryMib: 40960, deviceMib: 40345, computeCapability: 8.0 },
    ...{ bandwidthGBs: 1555, bf16Tflops: 312, int8Tops: 624, nvlinkGBs: 600, pcieGBs: 32 },
  },
  "a100-80gb": {
    ...{ karpenterName: "a100", families: ["p4de"], memoryMib: 81920, deviceMib: 81050, computeCapability: 8.0 },
    ...{ bandwidthGBs: 2039, bf16Tflops: 312, int8Tops: 624, nvlinkGBs: 600, pcieGBs: 32 },
  },
  h100: {
    ...{ karpenterName: "h100", families: ["p5"], memoryMib: 81920, deviceMib: 81080, computeCapability: 9.0 },
    ...{ bandwidthGBs: 3350, bf16Tflops: 989, fp8Tflops: 1979, int8Tops: 1979, nvlinkGBs: 900, pcieGBs: 64 },
  },
  h200: {
    ...{ karpenterName: "h200", families: ["p5e", "p5en"], memoryMib: 144384, deviceMib: 143155 },
    ...{ bandwidthGBs: 4800, bf16Tflops: 989, fp8Tflops: 1979, int8Tops: 1979, nvlinkGBs: 900, pcieGBs: 64 },
    computeCapability: 9.0,
  },
  "rtx-pro-6000": {
    ...{ karpenterName: "rtx-pro-server-6000", families: ["g7e"], memoryMib: 98304, deviceMib: 97249 },
    ...{ bandwidthGBs: 1597, bf16Tflops: 467.8, fp8Tflops: 935.6, int8Tops: 935.6, fp4Tflops: 1871 },
    ...{ nvlinkGBs: 0, pcieGBs: 64, computeCapability: 12.0 },
  },
  b200: {
    ...{ karpenterName: "b200", families: ["p6-b200"], memoryMib: 183359, deviceMib: 182630, computeCapability: 10.0 },
    ...{ bandwidthGBs: 7700, bf16Tflops: 2250, fp8Tflops: 4500, int8Tops: 4500, fp4Tflops: 9000 },
    ...{ nvlinkGBs: 1800, pcieGBs: 128 },
  },
} as const satisfies Record<string, GpuFacts>;

export type GpuName = keyof typeof GPUS;

export const GPU_NAMES = Object.keys(GPUS) as [GpuName, ...GpuName[]];

/** Names people write for a GPU that AWS does not rent under that name, with what to write and why. */
export const GPU_ALIASES: Readonly<Record<string, { use: GpuName; why: string }>> = {
  a10: { use: "a10g", why: "AWS has the A10G, not the A10" },
  g5: { use: "a10g", why: "g5 is the instance family; a pool names the GPU" },
  g6: { use: "l4", why: "g6 is the instance family; a pool names the GPU" },
  g6e: { use: "l40s", why: "g6e is the instance family; a pool names the GPU" },
  l40: { use: "l40s", why: "AWS has the L40S, not the L40" },
  p5: { use: "h100", why: "p5 is the instance family; a pool names the GPU" },
  p4d: { use: "a100", why: "p4d is the instance family; a pool names the GPU" },
};

/** GPUs that can be predicted for: those of the kit and those that only measurements elsewhere name. */
export const ALL_GPUS: Readonly<Record<string, GpuSpec>> = { ...OTHER_GPUS, ...GPUS };

/** Names in which a measurement says more, or less, than the tables' keys. */
const MEASURED_NAMES: Readonly<Record<string, string>> = {
  "a100-40gb": "a100",
  "a100-sxm": "a100-80gb",
  "a100-pcie-80gb": "a100-pcie",
  "rtx-pro-6000-server": "rtx-pro-6000",
  "rtx-6000-ada": "l40",
  "rtx-a6000": "a6000",
};

/**
 * The key in `ALL_GPUS` of a GPU as a measurement names it (`H100-SXM`, `NVIDIA H100 80GB HBM3`, `a100_sxm`), or undefined.
 * An A100 of no told size is the 80 GB one if it says SXM, and the kit's `a100` (40 GB) if it says nothing.
 */
export function gpuKey(name: string): string | undefined {
  const words = name
    .trim()
    .toLowerCase()
    .split(/[\s_-]+/);
  // The order in which names are tried: all words, then without the packaging, then without the size as well.
  const plain = words.filter((word) => !/^(nvidia|geforce|tesla|edition|blackwell|hbm\d?e?)$/.test(word));
  const plainer = plain.filter((word) => !/^sxm\d?$/.test(word));
  const size = plainer.filter((word) => /^\d+gb$/.test(word));
  const rest = plainer.filter((word) => !/^\d+gb$/.test(word));
  const candidates = [plain, plainer, [...rest, ...size], rest].map((kept) => kept.join("-"));
  return candidates.map((key) => MEASURED_NAMES[key] ?? key).find((key) => key in ALL_GPUS);
}
