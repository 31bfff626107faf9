import type { GpuSpec } from "./gpus";
import { LINK_SHARE, PCIE_HOP_SECONDS, type SpeedConstants } from "./speed-constants";

/**
 * Seconds of one all-reduce of `bytes` over `tp` GPUs of one node. A ring sends each byte 2(tp-1)/tp times through each link,
 * in 2(tp-1) hops. Source: NCCL tests, `doc/PERFORMANCE.md`.
 */
export function allReduceSeconds(bytes: number, tp: number, gpu: GpuSpec, constants: SpeedConstants): number {
  if (tp <= 1) return 0;
  const hops = 2 * (tp - 1);
  // `nvlinkGBs` counts both directions, `pcieGBs` one.
  const link = (gpu.nvlinkGBs > 0 ? gpu.nvlinkGBs / 2 : gpu.pcieGBs) * 1e9 * LINK_SHARE;
  const hopSeconds = gpu.nvlinkGBs > 0 ? 0 : hops * PCIE_HOP_SECONDS;
  return constants.allReduceSeconds + hopSeconds + ((hops / tp) * bytes) / link;
}
