import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ColdStartOptions,
  type ColdStartRequest,
  coldStart,
  coldStartSeconds,
  KIT_COLD_START,
} from "../../planner/cold-start";
import { engineTraits, graphCount } from "../../planner/cold-start-engine";
import { nodeDisk, transferSeconds } from "../../planner/cold-start-node";
import { INSTANCES } from "../../planner/instances";

const MACHINE = { vcpus: 4, gpus: 1, nvmeGb: 250, networkGbps: 2.5, networkBurstGbps: 20, ebsMbps: 5000 };
const REQUEST: ColdStartRequest = { model: { weightBytes: 16e9, layers: 32 }, machine: MACHINE, gpus: 1 };
const withOptions = (options: Partial<ColdStartOptions>) => ({
  ...REQUEST,
  options: { ...REQUEST.options, ...options },
});
const stage = (request: ColdStartRequest, name: string) =>
  coldStart(request).stages.find((each) => each.name === name)?.seconds;

const machines = fc.constantFrom(...Object.keys(INSTANCES)).map((type) => {
  const facts = INSTANCES[type];
  if (!facts) throw new Error(type);
  return facts;
});
const weights: fc.Arbitrary<ColdStartOptions["weights"]> = fc.oneof(
  fc.record({ source: fc.constant("s3" as const), streamed: fc.boolean() }),
  fc.constant({ source: "hub" as const }),
  fc.constant({ source: "memory" as const }),
  fc.record({
    source: fc.constant("volume" as const),
    bytesPerSecond: fc.integer({ min: 1e7, max: 1e10 }),
    streamed: fc.boolean(),
  }),
);
const options = fc.record({
  node: fc.constantFrom("new" as const, "warm" as const),
  driver: fc.constantFrom("ami" as const, "operator" as const),
  soci: fc.boolean(),
  bakedImage: fc.boolean(),
  instanceStore: fc.boolean(),
  weights,
  compile: fc.boolean(),
  compileCache: fc.constantFrom("s3" as const, "volume" as const, "none" as const),
  captureSizes: fc.option(fc.nat(100), { nil: undefined }),
  engineVersion: fc.constantFrom("0.8.5", "0.10.1", "0.11.0", "0.15.1", "0.32.0"),
});
const requests = fc
  .record({
    weightBytes: fc.integer({ min: 1e8, max: 1e12 }),
    layers: fc.integer({ min: 1, max: 128 }),
    machine: machines,
    options,
  })
  .map(({ weightBytes, layers, machine, options: chosen }) => ({
    model: { weightBytes, layers },
    machine,
    gpus: machine.gpus,
    options: chosen,
  }));

describe("cold start", () => {
  test("the kit's own, stage by stage, for 16 GB and 32 layers on a g6e.xlarge", () => {
    const { stages, totalSeconds } = coldStart(REQUEST);
    expect(stages.map(({ name, seconds }) => [name, Number(seconds.toFixed(1))])).toEqual([
      ["decision", 5],
      ["boot", 30],
      ["device plugin", 30],
      ["image", 110.5], // 9.6 GB × 3.8 ÷ 330 MB/s
      ["container", 2],
      ["compile cache", 3.2], // 3 s + 0.3 GB ÷ 1.875 GB/s
      ["imports", 33.2], // 2 × 9 s + 4 GB ÷ 0.65 GB/s + 9 s
      ["weights", 8.5], // 16 GB ÷ (20 Gbit/s × 0.75)
      ["trace", 10.9], // 32 × 0.17 s × 2
      ["compile", 9], // 32 × 0.14 s × 2
      ["graphs", 11], // 86 × 32 × 0.004 s
      ["warm-up", 13.5],
    ]);
    expect(totalSeconds).toBeCloseTo(266.74, 2);
    expect(coldStartSeconds(REQUEST)).toBe(totalSeconds);
  });

  test("every stage says what it is made of", () => {
    const how = Object.fromEntries(coldStart(REQUEST).stages.map((each) => [each.name, each.how]));
    expect(how.image).toBe("9.6 GB compressed, × 3.8 written at 330 MB/s, SOCI; limited by disk");
    expect(how.weights).toBe("16.0 GB streamed from S3, at most 20 Gbit/s");
    expect(how.graphs).toBe("86 graphs × 32 layers × 0.0040 s");
    expect(how.trace).toBe("32 layers × 0.17 s × 2.00");
  });

  test("what is kept is not paid: a warm node, a baked image, the compile cache", () => {
    const names = (changed: Partial<ColdStartOptions>) =>
      coldStart(withOptions(changed)).stages.map(({ name }) => name);
    expect(names({ node: "warm" })[0]).toBe("container");
    expect(stage(withOptions({ bakedImage: true }), "image")).toBe(5);
    expect(names({ compileCache: "none" })).not.toContain("compile cache");
    expect(names({ compile: false })).not.toContain("trace");
    expect(stage(withOptions({ captureSizes: 0 }), "graphs")).toBe(0);
    expect(stage(withOptions({ compileCache: "none" }), "compile")).toBeCloseTo(32 * 0.7 * 2 + 5, 6);
    expect(stage(withOptions({ driver: "operator" }), "device plugin")).toBe(150);
  });

  test("the operator's image has no RAID 0, but a root volume of 1000 MiB/s", () => {
    // 625 MB/s of EBS are no longer the limit; downloading, then unpacking the largest layer is.
    expect(stage(withOptions({ driver: "operator" }), "image")).toBeCloseTo(9.6e9 / 440e6 + (9.6e9 * 0.41) / 100e6, 6);
    const own = withOptions({ driver: "operator", volumeBytesPerSecond: 250e6 });
    expect(stage(own, "image")).toBeCloseTo((9.6e9 * 3.8) / 250e6, 6);
  });

  test("a transfer uses the burst while its credits last, then the rate that is always there", () => {
    const burst = (20e9 / 8) * 0.75;
    const always = (2.5e9 / 8) * 0.75;
    expect(transferSeconds(burst * 100, MACHINE)).toBeCloseTo(100, 6);
    expect(transferSeconds(burst * 300 + always * 50, MACHINE)).toBeCloseTo(350, 6);
    expect(transferSeconds(1e9, MACHINE, 100e6)).toBeCloseTo(10, 6);
    // Cards between nodes carry no S3 traffic.
    expect(transferSeconds(9.375e9, { ...MACHINE, networkBurstGbps: 3200, networkGbps: 3200 })).toBeCloseTo(1, 6);
  });

  test("the disk is the NVMe where the node uses it", () => {
    expect(nodeDisk(MACHINE, true, 125e6)).toEqual({ read: 0.65e9, write: 0.33e9 });
    expect(nodeDisk(MACHINE, false, 125e6)).toEqual({ read: 125e6, write: 125e6 });
    expect(nodeDisk({ ...MACHINE, nvmeGb: 0 }, true, 1e9)).toEqual({ read: 625e6, write: 625e6 });
  });

  test("releases differ in the graphs they capture", () => {
    const graphs = (version: string, captureSizes?: number) =>
      graphCount({
        ...REQUEST.model,
        ...KIT_COLD_START,
        gpus: 1,
        version,
        captureSizes,
      });
    expect(["0.9.1", "0.10.1", "0.11.0", "v0.12.0", "0.32.0", "1.0.0"].map((v) => graphs(v))).toEqual([
      67, 67, 102, 86, 86, 86,
    ]);
    expect([graphs("0.9.1", 8), graphs("0.32.0", 8)]).toEqual([8, 16]);
    expect(engineTraits("0.10.0").peerCheck).toBe(false);
    expect(engineTraits("0.20.9").graphEstimate).toBe(false);
    expect(engineTraits("0.21").graphEstimate).toBe(true);
  });

  test.each([
    [{ ...REQUEST, gpus: 2 }, "cold start: a replica of 2 GPUs does not fit an instance with 1"],
    [{ ...REQUEST, model: { weightBytes: 0, layers: 32 } }, "cold start: weightBytes is 0; it must be above 0"],
    [{ ...REQUEST, model: { weightBytes: 1e9, layers: Number.NaN } }, "cold start: layers is NaN; it must be above 0"],
    [withOptions({ engineVersion: "latest" }), 'engine version "latest": write it as 0.32.0'],
  ])("refused with its number: %#", (request, message) => {
    expect(() => coldStart(request)).toThrow(message);
    expect(() => coldStartSeconds(request)).toThrow(message);
  });
});

describe("cold start, whatever is asked", () => {
  test("stages are not negative, and their sum is the total", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { stages, totalSeconds } = coldStart(request);
        for (const { name, seconds } of stages) expect(seconds, name).toBeGreaterThanOrEqual(0);
        expect(stages.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(totalSeconds);
        expect(Number.isFinite(totalSeconds)).toBe(true);
      }),
      { seed: 11 },
    );
  });

  test("more bytes, layers or graphs never start sooner", () => {
    fc.assert(
      fc.property(
        requests,
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 1, max: 50 }),
        (request, bytes, more) => {
          const { model } = request;
          const before = coldStartSeconds(request);
          const sizes = request.options.captureSizes;
          const bigger = (part: Partial<ColdStartRequest["model"]>, changed: Partial<ColdStartOptions> = {}) =>
            coldStartSeconds({ ...request, model: { ...model, ...part }, options: { ...request.options, ...changed } });
          expect(bigger({ weightBytes: model.weightBytes + bytes })).toBeGreaterThanOrEqual(before);
          expect(bigger({ layers: model.layers + more })).toBeGreaterThanOrEqual(before);
          if (sizes !== undefined) expect(bigger({}, { captureSizes: sizes + more })).toBeGreaterThanOrEqual(before);
        },
      ),
      { seed: 12 },
    );
  });

  test("a faster network, more vCPUs or a faster disk never start later", () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 400 }), (request, more) => {
        const before = coldStartSeconds(request);
        const on = (part: Partial<typeof MACHINE>) =>
          coldStartSeconds({ ...request, machine: { ...request.machine, ...part } });
        const slack = before * (1 + 1e-9);
        const { machine } = request;
        expect(on({ networkBurstGbps: machine.networkBurstGbps + more })).toBeLessThanOrEqual(slack);
        expect(
          on({ networkGbps: machine.networkGbps + more, networkBurstGbps: machine.networkBurstGbps + more }),
        ).toBeLessThanOrEqual(slack);
        expect(on({ vcpus: machine.vcpus + more })).toBeLessThanOrEqual(slack);
        if (machine.nvmeGb > 0) expect(on({ nvmeGb: machine.nvmeGb + more })).toBeLessThanOrEqual(slack);
        expect(on({ ebsMbps: machine.ebsMbps + more })).toBeLessThanOrEqual(slack);
      }),
      { seed: 13 },
    );
  });

  test("each saving is what its change saves, the best first", () => {
    let seen = 0;
    fc.assert(
      fc.property(requests, (request) => {
        const { savings, totalSeconds } = coldStart(request);
        const seconds = savings.map((each) => each.seconds);
        expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
        for (const each of seconds) expect(each).toBeLessThan(totalSeconds);
        const warm = savings.find(({ change }) => change.startsWith("keep a node awake"));
        if (warm === undefined) return;
        seen += 1;
        const awake = coldStartSeconds({ ...request, options: { ...request.options, node: "warm" } });
        expect(warm.seconds).toBeCloseTo(totalSeconds - awake, 9);
      }),
      { seed: 14 },
    );
    expect(seen).toBeGreaterThan(10);
  });
});
