import type { GpuSpec } from "./gpus";

/**
 * GPUs that the kit does not launch but that measurements are made on; a stack file does not accept them.
 * Sources: system tables of NVIDIA's aiconfigurator, commit 095f58a (A100 and H100 PCIe, GB200, GB300, B300, A30), NVIDIA's
 * datasheets for the others (recalled). `deviceMib` is 98.9 % of what nvidia-smi reports, as it is for the GPUs with both figures known.
 */
export const OTHER_GPUS: Readonly<Record<string, GpuSpec>> = {
  t4: {
    ...{ deviceMib: 14910, computeCapability: 7.5, nvlinkGBs: 0, pcieGBs: 16 },
    ...{ bandwidthGBs: 320, bf16Tflops: 65, int8Tops: 130 },
  },
  a10: {
    ...{ deviceMib: 22589, computeCapability: 8.6, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 600, bf16Tflops: 125, int8Tops: 250 },
  },
  a30: {
    ...{ deviceMib: 24060, computeCapability: 8.0, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 933, bf16Tflops: 165, int8Tops: 330 },
  },
  a40: {
    ...{ deviceMib: 45465, computeCapability: 8.6, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 696, bf16Tflops: 150, int8Tops: 299 },
  },
  a6000: {
    ...{ deviceMib: 48550, computeCapability: 8.6, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 768, bf16Tflops: 155, int8Tops: 310 },
  },
  "a100-pcie": {
    ...{ deviceMib: 81050, computeCapability: 8.0, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 1935, bf16Tflops: 312, int8Tops: 624 },
  },
  "rtx-4090": {
    ...{ deviceMib: 24080, computeCapability: 8.9, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 1008, bf16Tflops: 165, fp8Tflops: 330, int8Tops: 661 },
  },
  l40: {
    ...{ deviceMib: 45465, computeCapability: 8.9, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 864, bf16Tflops: 181, fp8Tflops: 362, int8Tops: 362 },
  },
  l20: {
    ...{ deviceMib: 45465, computeCapability: 8.9, nvlinkGBs: 0, pcieGBs: 32 },
    ...{ bandwidthGBs: 864, bf16Tflops: 119.5, fp8Tflops: 239, int8Tops: 239 },
  },
  "h100-pcie": {
    ...{ deviceMib: 81080, computeCapability: 9.0, nvlinkGBs: 0, pcieGBs: 64 },
    ...{ bandwidthGBs: 2000, bf16Tflops: 756.5, fp8Tflops: 1513, int8Tops: 1513 },
  },
  "h100-nvl": {
    ...{ deviceMib: 95100, computeCapability: 9.0, nvlinkGBs: 600, pcieGBs: 64 },
    ...{ bandwidthGBs: 3938, bf16Tflops: 835, fp8Tflops: 1671, int8Tops: 1671 },
  },
  h20: {
    ...{ deviceMib: 97060, computeCapability: 9.0, nvlinkGBs: 900, pcieGBs: 64 },
    ...{ bandwidthGBs: 4000, bf16Tflops: 148, fp8Tflops: 296, int8Tops: 296 },
  },
  gh200: {
    ...{ deviceMib: 96800, computeCapability: 9.0, nvlinkGBs: 900, pcieGBs: 64 },
    ...{ bandwidthGBs: 4000, bf16Tflops: 989, fp8Tflops: 1979, int8Tops: 1979 },
  },
  gb200: {
    ...{ deviceMib: 188700, computeCapability: 10.0, nvlinkGBs: 1800, pcieGBs: 64 },
    ...{ bandwidthGBs: 8000, bf16Tflops: 2500, fp8Tflops: 5000, int8Tops: 5000, fp4Tflops: 10_000 },
  },
  b300: {
    ...{ deviceMib: 273900, computeCapability: 10.3, nvlinkGBs: 1800, pcieGBs: 128 },
    ...{ bandwidthGBs: 7750, bf16Tflops: 2250, fp8Tflops: 4500, int8Tops: 153.5, fp4Tflops: 14_000 },
  },
  gb300: {
    ...{ deviceMib: 283000, computeCapability: 10.3, nvlinkGBs: 1800, pcieGBs: 128 },
    ...{ bandwidthGBs: 8000, bf16Tflops: 2500, fp8Tflops: 5000, int8Tops: 166.5, fp4Tflops: 15_000 },
  },
  "rtx-5090": {
    ...{ deviceMib: 32110, computeCapability: 12.0, nvlinkGBs: 0, pcieGBs: 64 },
    ...{ bandwidthGBs: 1792, bf16Tflops: 210, fp8Tflops: 419, int8Tops: 838, fp4Tflops: 1676 },
  },
};
