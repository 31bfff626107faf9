import { expect, test } from "vitest";
import { GPU_TAINT, GPU_TOLERATION, gpuNodeLabels, SYSTEM_NODES } from "../../components/scheduling";
import { GPU_NAMES } from "../../planner/gpus";

test("a GPU node's labels say its pool and its GPU, and are none of a system node's", () => {
  expect(gpuNodeLabels("fast", "h100")).toEqual({ "pilotlight.dev/pool": "fast", "pilotlight.dev/gpu": "h100" });
  for (const key of Object.keys(SYSTEM_NODES)) expect(gpuNodeLabels("fast", "h100")).not.toHaveProperty(key);
});

test("every GPU's name is a label value that Kubernetes takes", () => {
  for (const gpu of GPU_NAMES) expect(gpu).toMatch(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
});

test("the toleration tolerates the taint, whatever its value", () => {
  expect(GPU_TAINT).toEqual({ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" });
  expect(GPU_TOLERATION).toEqual({ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" });
});
