/** What the kit knows of one GPU model that AWS rents out. */
export interface GpuFacts {
  /** The value of Karpenter's label `karpenter.k8s.aws/instance-gpu-name`. */
  readonly karpenterName: string;
  /** EC2 families that carry it. */
  readonly families: readonly string[];
  /** Memory EC2 reports for one GPU, in MiB; less than the marketing figure. */
  readonly memoryMib: number;
}

/**
 * GPU models by the name a user writes in the stack file.
 * Source: the instance reference of Karpenter's AWS provider, commit 1d92708 (memory, label values).
 */
export const GPUS = {
  a10g: { karpenterName: "a10g", families: ["g5"], memoryMib: 22888 },
  l4: { karpenterName: "l4", families: ["g6", "gr6"], memoryMib: 22888 },
  l40s: { karpenterName: "l40s", families: ["g6e"], memoryMib: 45776 },
  a100: { karpenterName: "a100", families: ["p4d"], memoryMib: 40960 },
  "a100-80gb": { karpenterName: "a100", families: ["p4de"], memoryMib: 81920 },
  h100: { karpenterName: "h100", families: ["p5"], memoryMib: 81920 },
  h200: { karpenterName: "h200", families: ["p5e", "p5en"], memoryMib: 144384 },
  "rtx-pro-6000": { karpenterName: "rtx-pro-server-6000", families: ["g7e"], memoryMib: 98304 },
  b200: { karpenterName: "b200", families: ["p6-b200"], memoryMib: 183359 },
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
