import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PoolShape, type StackShape, stackCost, usdPerMillionTokens } from "../../planner/cost";
import { INSTANCES } from "../../planner/instances";
import { PRICES, priceOf } from "../../planner/prices";

const L40S: PoolShape = {
  name: "l40s",
  instanceType: "g6e.xlarge",
  steadyNodes: 0,
  maxNodes: 2,
  diskGb: 100,
  floors: [],
};
const DEV: StackShape = {
  zones: 2,
  natGateways: 1,
  publicEndpoint: false,
  extendedSupport: false,
  systemNodes: { instanceType: "m7i.large", count: 2, diskGb: 50 },
  databases: [],
  kmsKeys: 2,
  pools: [L40S],
};
const DATABASE = { instanceType: "db.t4g.small", storageGb: 20, standby: false };
const STAGING: StackShape = { ...DEV, publicEndpoint: true, databases: [DATABASE] };
const PROD: StackShape = {
  ...STAGING,
  zones: 3,
  natGateways: 3,
  databases: [{ ...DATABASE, standby: true }],
  pools: [{ ...L40S, maxNodes: 8, floors: [{ nodes: 1, hoursPerWeek: 55 }] }],
};

describe("what a stack costs", () => {
  test.each([
    ["dev", DEV, 0.39, 283],
    ["staging", STAGING, 0.43, 316],
    ["prod", PROD, 0.57, 418],
  ])("%s idle is the sum that docs/idle-costs.md has", (name, stack, hour, month) => {
    const { idleUsdPerHour, idleUsdPerMonth } = stackCost(stack);
    expect(idleUsdPerHour.toFixed(2)).toBe(hour.toFixed(2));
    expect(idleUsdPerMonth.toFixed(0)).toBe(month.toFixed(0));
    const table = readFileSync("docs/idle-costs.md", "utf8").split("\n");
    const column = ["dev", "staging", "prod"].indexOf(name) + 2;
    const cell = (what: string) =>
      table
        .find((line) => line.startsWith(`| **${what}`))
        ?.split("|")
        [column]?.trim();
    expect(cell("an hour")).toBe(`**$${hour.toFixed(2)}**`);
    expect(cell("a month")).toBe(`**$${month}**`);
  });

  test("dev line by line", () => {
    const items = stackCost(DEV).items.map(({ name, idleQuantity, mostQuantity, idleUsdPerHour, mostUsdPerHour }) => [
      name,
      idleQuantity,
      mostQuantity,
      idleUsdPerHour.toFixed(3),
      mostUsdPerHour.toFixed(3),
    ]);
    expect(items).toEqual([
      ["EKS control plane", 1, 1, "0.100", "0.100"],
      ["system nodes, m7i.large", 2, 2, "0.202", "0.202"],
      ["system node disks, GB", 100, 100, "0.011", "0.011"],
      ["NAT gateways", 1, 1, "0.045", "0.045"],
      ["NAT gateway addresses", 1, 1, "0.005", "0.005"],
      ["load balancer", 1, 1, "0.022", "0.022"],
      ["KMS keys", 2, 2, "0.003", "0.003"],
      ["l40s: g6e.xlarge as needed", 0, 2, "0.000", "3.722"],
      ["l40s: node disks", 0, 2, "0.000", "0.022"],
    ]);
  });

  test("prod's floor adds 55 of 168 hours of one node", () => {
    const disk = (0.08 / 730) * 100;
    expect(stackCost(PROD).floorUsdPerHour).toBeCloseTo(((1.861 + disk) * 55) / 168, 12);
    const steady = { ...PROD, pools: [{ ...L40S, steadyNodes: 1, floors: [{ nodes: 1, hoursPerWeek: 55 }] }] };
    expect(stackCost(steady).floorUsdPerHour).toBe(0);
    expect(stackCost(steady).idleUsdPerHour).toBeCloseTo(stackCost(PROD).idleUsdPerHour + 1.861 + disk, 12);
  });

  test("spot is what the user says, for nodes that come and go, and only for them", () => {
    const pool = { ...L40S, steadyNodes: 1, maxNodes: 3, spotUsdPerHour: 0.65, diskGb: 0 };
    const base = stackCost({ ...DEV, pools: [] });
    const cost = stackCost({ ...DEV, pools: [pool] });
    expect(cost.idleUsdPerHour - base.idleUsdPerHour).toBeCloseTo(1.861, 12);
    expect(cost.mostUsdPerHour - base.mostUsdPerHour).toBeCloseTo(1.861 + 2 * 0.65, 12);
  });

  test("a type without a list price needs one, unless all its nodes are spot", () => {
    const pool = { ...L40S, instanceType: "p5e.48xlarge", maxNodes: 1, diskGb: 0 };
    expect(() => stackCost({ ...DEV, pools: [pool] })).toThrow("there is no list price of p5e.48xlarge");
    const base = stackCost({ ...DEV, pools: [] }).mostUsdPerHour;
    const priced = stackCost({ ...DEV, pools: [pool] }, { "p5e.48xlarge": 41.6 });
    expect(priced.mostUsdPerHour).toBeCloseTo(base + 41.6, 9);
    const spot = stackCost({ ...DEV, pools: [{ ...pool, spotUsdPerHour: 20 }] });
    expect(spot.mostUsdPerHour).toBeCloseTo(base + 20, 9);
  });

  test("extended support and use by the month", () => {
    const base = stackCost(DEV).idleUsdPerHour;
    expect(stackCost({ ...DEV, extendedSupport: true }).idleUsdPerHour).toBeCloseTo(base + 0.5, 12);
    const used = stackCost({ ...DEV, usage: { natGb: 100, storedGb: 16, logsGb: 2 } });
    expect(used.idleUsdPerMonth).toBeCloseTo(base * 730 + 4.5 + 0.368 + 1, 9);
  });

  test("numbers that make no bill are named, all of them", () => {
    expect(() => stackCost({ ...DEV, natGateways: -1, pools: [{ ...L40S, steadyNodes: 3 }] })).toThrow(
      "cost: natGateways is -1; it must be 0 or more; pools.l40s.maxNodes - steadyNodes is -1; it must be 0 or more",
    );
  });
});

describe("dollars for a million tokens", () => {
  test("a full 8B server on a p5.4xlarge, and half full", () => {
    // 15 170 tokens/s at $6.88 an hour: the 0.126 of a published run.
    const full = usdPerMillionTokens({ usdPerHour: 6.88, tokensPerSecond: 15_170, utilisation: 1 });
    expect(full).toBeCloseTo(0.126, 3);
    expect(usdPerMillionTokens({ usdPerHour: 6.88, tokensPerSecond: 15_170, utilisation: 0.5 })).toBeCloseTo(
      2 * full,
      12,
    );
  });

  test.each([
    [{ utilisation: 0 }, "utilisation is 0; it must be above 0 and at most 1"],
    [{ utilisation: 1.2 }, "utilisation is 1.2; it must be above 0 and at most 1"],
    [{ tokensPerSecond: 0 }, "tokensPerSecond is 0; it must be above 0"],
  ])("%j is refused", (part, message) => {
    expect(() => usdPerMillionTokens({ usdPerHour: 1, tokensPerSecond: 100, utilisation: 0.5, ...part })).toThrow(
      message,
    );
  });
});

const count = (max: number) => fc.nat(max);
const pools = fc.array(
  fc
    .record({
      name: fc.constantFrom("a", "b"),
      instanceType: fc.constantFrom(...Object.keys(INSTANCES).filter((type) => type !== "p5e.48xlarge")),
      steadyNodes: count(3),
      more: count(5),
      diskGb: count(500),
      spotUsdPerHour: fc.option(fc.double({ min: 0, max: 50, noNaN: true }), { nil: undefined }),
      floors: fc.array(fc.record({ nodes: count(4), hoursPerWeek: count(84) }), { maxLength: 2 }),
    })
    .map(({ more, ...pool }): PoolShape => ({ ...pool, maxNodes: pool.steadyNodes + more })),
  { maxLength: 3 },
);
const stacks: fc.Arbitrary<StackShape> = fc.record({
  zones: fc.integer({ min: 2, max: 3 }),
  natGateways: count(3),
  publicEndpoint: fc.boolean(),
  extendedSupport: fc.boolean(),
  systemNodes: fc.record({ instanceType: fc.constant("m7i.large"), count: count(5), diskGb: count(200) }),
  databases: fc.array(
    fc.record({ instanceType: fc.constant("db.t4g.small"), storageGb: count(500), standby: fc.boolean() }),
    { maxLength: 2 },
  ),
  kmsKeys: count(3),
  pools,
  usage: fc.record({ natGb: count(1000), storedGb: count(1000), logsGb: count(100) }),
});

/** Both costs and the floor, in one list to compare. */
const totals = (stack: StackShape, prices = {}) => {
  const { idleUsdPerHour, mostUsdPerHour, floorUsdPerHour } = stackCost(stack, prices);
  return [idleUsdPerHour, mostUsdPerHour, floorUsdPerHour];
};
function expectNoLess(after: readonly number[], before: readonly number[]): void {
  after.forEach((value, index) => {
    expect(value).toBeGreaterThanOrEqual((before[index] ?? Number.NaN) * (1 - 1e-12));
  });
}

describe("what any stack costs", () => {
  test("the lines sum to the totals exactly, and idle is never above most", () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const { items, idleUsdPerHour, mostUsdPerHour, floorUsdPerHour } = stackCost(stack);
        expect(items.reduce((sum, item) => sum + item.idleUsdPerHour, 0)).toBe(idleUsdPerHour);
        expect(items.reduce((sum, item) => sum + item.mostUsdPerHour, 0)).toBe(mostUsdPerHour);
        for (const item of items) expect(item.idleUsdPerHour).toBeLessThanOrEqual(item.mostUsdPerHour);
        expect(floorUsdPerHour).toBeGreaterThanOrEqual(0);
      }),
      { seed: 31 },
    );
  });

  test("no price that rises makes a stack cheaper, and one that is used makes it dearer", () => {
    const names = [...Object.keys(PRICES), ...Object.keys(INSTANCES).filter((type) => type !== "p5e.48xlarge")];
    fc.assert(
      fc.property(
        stacks,
        fc.constantFrom(...names),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (stack, name, more) => {
          expectNoLess(totals(stack, { [name]: priceOf(name) + more }), totals(stack));
        },
      ),
      { seed: 32 },
    );
    for (const [name, stack] of [
      ["eks-hour", DEV],
      ["m7i.large", DEV],
      ["gp3-gb-month", DEV],
      ["nat-hour", DEV],
      ["ipv4-hour", DEV],
      ["alb-hour", DEV],
      ["kms-key-month", DEV],
      ["db.t4g.small", PROD],
      ["rds-storage-gb-month", PROD],
      ["eks-extended-hour", { ...DEV, extendedSupport: true }],
      ["nat-gb", { ...DEV, usage: { natGb: 1, storedGb: 0, logsGb: 0 } }],
      ["s3-gb-month", { ...DEV, usage: { natGb: 0, storedGb: 1, logsGb: 0 } }],
      ["logs-gb", { ...DEV, usage: { natGb: 0, storedGb: 0, logsGb: 1 } }],
    ] as const)
      expect(stackCost(stack, { [name]: priceOf(name) * 2 }).idleUsdPerHour, name).toBeGreaterThan(
        stackCost(stack).idleUsdPerHour,
      );
    const dearer = stackCost(PROD, { "g6e.xlarge": 2 });
    expect(dearer.mostUsdPerHour).toBeCloseTo(stackCost(PROD).mostUsdPerHour + 8 * (2 - 1.861), 9);
    expect(dearer.floorUsdPerHour).toBeGreaterThan(stackCost(PROD).floorUsdPerHour);
  });

  test("nothing more of anything makes a stack cheaper", () => {
    fc.assert(
      fc.property(stacks, fc.integer({ min: 1, max: 5 }), (stack, more) => {
        const before = totals(stack);
        const { systemNodes, usage } = stack;
        const grown: StackShape[] = [
          { ...stack, zones: stack.zones + more },
          { ...stack, natGateways: stack.natGateways + more },
          { ...stack, kmsKeys: stack.kmsKeys + more },
          { ...stack, publicEndpoint: true },
          { ...stack, extendedSupport: true },
          { ...stack, systemNodes: { ...systemNodes, count: systemNodes.count + more } },
          { ...stack, systemNodes: { ...systemNodes, diskGb: systemNodes.diskGb + more } },
          { ...stack, databases: [...stack.databases, DATABASE] },
          { ...stack, databases: stack.databases.map((each) => ({ ...each, standby: true })) },
          { ...stack, databases: stack.databases.map((each) => ({ ...each, storageGb: each.storageGb + more })) },
          { ...stack, pools: [...stack.pools, L40S] },
          { ...stack, pools: stack.pools.map((pool) => ({ ...pool, maxNodes: pool.maxNodes + more })) },
          { ...stack, pools: stack.pools.map((pool) => ({ ...pool, diskGb: pool.diskGb + more })) },
          {
            ...stack,
            pools: stack.pools.map((pool) => ({ ...pool, floors: [...pool.floors, { nodes: 9, hoursPerWeek: more }] })),
          },
          { ...stack, usage: usage && { ...usage, natGb: usage.natGb + more } },
        ];
        for (const each of grown) expectNoLess(totals(each), before);
      }),
      { seed: 33 },
    );
  });

  test("a steady node more never makes the idle hour cheaper", () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const steadier = stack.pools.map((pool) => ({
          ...pool,
          steadyNodes: pool.steadyNodes + 1,
          maxNodes: pool.maxNodes + 1,
        }));
        expect(stackCost({ ...stack, pools: steadier }).idleUsdPerHour).toBeGreaterThanOrEqual(
          stackCost(stack).idleUsdPerHour,
        );
      }),
      { seed: 34 },
    );
  });
});
