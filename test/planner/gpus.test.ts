import { expect, test } from "vitest";
import { ALL_GPUS, GPU_NAMES, GPUS, gpuKey } from "../../planner/gpus";
import { INSTANCES, instanceTypesWith, PRICE_DATE } from "../../planner/instances";

test.each([
  ["H100-SXM", "h100"],
  ["H100-80GB", "h100"],
  ["NVIDIA H100 80GB HBM3", "h100"],
  ["H100 PCIe", "h100-pcie"],
  ["h200_sxm", "h200"],
  ["A100-40GB", "a100"],
  ["A100-80GB", "a100-80gb"],
  ["a100_sxm", "a100-80gb"],
  ["NVIDIA A100-SXM4-80GB", "a100-80gb"],
  ["NVIDIA A100 80GB PCIe", "a100-pcie"],
  ["A10G", "a10g"],
  ["L40S", "l40s"],
  ["GB200", "gb200"],
  ["NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000"],
  ["MI300X", undefined],
])("a measurement on %s is one on %s", (name, key) => {
  expect(gpuKey(name)).toBe(key);
});

test("rates are dense, in step with each other, and Ampere has none for fp8", () => {
  for (const [name, gpu] of Object.entries(ALL_GPUS)) {
    const native = { fp8: gpu.fp8Tflops !== undefined, fp4: gpu.fp4Tflops !== undefined };
    expect(native, name).toEqual({ fp8: gpu.computeCapability >= 8.9, fp4: gpu.computeCapability >= 10 });
    if (gpu.fp8Tflops) expect(gpu.fp8Tflops / gpu.bf16Tflops, name).toBeCloseTo(2, 1);
  }
});

test("a CUDA program sees 98 to 100 % of what EC2 reports", () => {
  for (const name of GPU_NAMES) {
    const share = GPUS[name].deviceMib / GPUS[name].memoryMib;
    expect(share, name).toBeGreaterThan(0.98);
    expect(share, name).toBeLessThan(1);
  }
});

test("prices rise with the size, and types of a GPU and count are listed cheapest first", () => {
  expect(PRICE_DATE).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(INSTANCES["g6e.xlarge"]).toMatchObject({ onDemandUsdPerHour: 1.861, networkGbps: 2.5, networkBurstGbps: 20 });
  expect(INSTANCES["p5e.48xlarge"]?.onDemandUsdPerHour).toBeUndefined();
  for (const gpu of GPU_NAMES)
    for (const count of [1, 2, 4, 8]) {
      const prices = instanceTypesWith(gpu, count).flatMap((type) => INSTANCES[type]?.onDemandUsdPerHour ?? []);
      expect(prices).toEqual([...prices].sort((a, b) => a - b));
    }
});

test("a burst is never below what is always there", () => {
  for (const [type, facts] of Object.entries(INSTANCES)) {
    expect(facts.networkBurstGbps, type).toBeGreaterThanOrEqual(facts.networkGbps);
    expect(facts.allocatableCpuMillis, type).toBeLessThan(facts.vcpus * 1000);
  }
});
