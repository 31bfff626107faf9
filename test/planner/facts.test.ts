import { describe, expect, test } from "vitest";
import { GPU_ALIASES, GPU_NAMES, GPUS } from "../../planner/gpus";
import { gpuCounts, INSTANCES, instanceTypesWith } from "../../planner/instances";
import { supportEnded } from "../../planner/kubernetes-versions";
import { cronDays, cronFloor, isTimeZone, minutesOfDay } from "../../planner/schedule";
import { parseSource, storePrefix } from "../../planner/source";

describe("GPU and instance tables", () => {
  test("the three GPUs the kit is known for map to g6e, g5 and p5", () => {
    expect(instanceTypesWith("l40s", 1)).toEqual([
      "g6e.xlarge",
      "g6e.2xlarge",
      "g6e.4xlarge",
      "g6e.8xlarge",
      "g6e.16xlarge",
    ]);
    expect(instanceTypesWith("a10g", 4)).toEqual(["g5.12xlarge", "g5.24xlarge"]);
    expect(instanceTypesWith("h100", 1)).toEqual(["p5.4xlarge"]);
    expect(instanceTypesWith("h100", 8)).toEqual(["p5.48xlarge"]);
    expect(gpuCounts("l40s")).toEqual([1, 4, 8]);
    expect(gpuCounts("h200")).toEqual([8]);
  });

  test("every instance belongs to a family of its GPU, and every GPU has an instance", () => {
    for (const [type, { gpu }] of Object.entries(INSTANCES)) expect(GPUS[gpu].families).toContain(type.split(".")[0]);
    for (const gpu of GPU_NAMES) expect(gpuCounts(gpu).length, gpu).toBeGreaterThan(0);
  });

  test("allocatable figures are those of the instance reference", () => {
    expect(INSTANCES["g6e.xlarge"]).toMatchObject({ allocatableCpuMillis: 3920, allocatableMemoryMib: 29317 });
    expect(INSTANCES["p5.48xlarge"]).toMatchObject({
      allocatableCpuMillis: 191450,
      allocatableMemoryMib: 1938410,
      efaInterfaces: 32,
    });
  });

  test("no alias hides a real name", () => {
    for (const alias of Object.keys(GPU_ALIASES)) expect(GPU_NAMES).not.toContain(alias);
  });
});

describe("Kubernetes versions", () => {
  test.each([
    ["1.35", "2026-11-24", undefined],
    ["1.34", "2026-12-02", undefined],
    ["1.34", "2026-12-03", "EKS ended standard support of 1.34 on 2026-12-02; supported on 2026-12-03: 1.35"],
    [
      "1.34",
      "2027-03-28",
      "EKS ended standard support of 1.34 on 2026-12-02; supported on 2027-03-28: none that this kit knows",
    ],
  ])("%s on %s", (version, today, fault) => {
    expect(supportEnded(version, today)).toBe(fault);
  });
});

describe("office hours", () => {
  test("become KEDA's cron trigger", () => {
    const hours = { days: "mon-fri", from: "08:30", to: "18:00", timezone: "Europe/Berlin", replicas: 2 };
    expect(cronFloor(hours)).toEqual({
      timezone: "Europe/Berlin",
      start: "30 8 * * 1-5",
      end: "0 18 * * 1-5",
      desiredReplicas: 2,
    });
  });

  test.each([
    ["sat", "6"],
    ["Mon-Fri", "1-5"],
    ["fri-mon", undefined],
    ["mon-fri-sat", undefined],
    ["monday", undefined],
  ])("days %s", (days, field) => {
    expect(cronDays(days)).toBe(field);
  });

  test("times and zones", () => {
    expect([minutesOfDay("00:00"), minutesOfDay("23:59"), minutesOfDay("24:00"), minutesOfDay("8:00")]).toEqual([
      0,
      1439,
      undefined,
      undefined,
    ]);
    expect([isTimeZone("Europe/Berlin"), isTimeZone("UTC"), isTimeZone("Europe/Berln"), isTimeZone("EST5")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

test("a source names its place, and its copy keeps commits apart", () => {
  const hub = parseSource(`hf://Qwen/Qwen3-8B@${"a".repeat(40)}`);
  expect(hub).toEqual({ kind: "hub", repository: "Qwen/Qwen3-8B", revision: "a".repeat(40) });
  expect(parseSource("s3://weights/team/model/")).toEqual({ kind: "s3", bucket: "weights", prefix: "team/model" });
  expect(storePrefix({ repository: "Qwen/Qwen3-8B", revision: "abc" })).toBe("models/Qwen/Qwen3-8B/abc");
});
