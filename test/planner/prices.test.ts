import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INSTANCES } from "../../planner/instances";
import { listPrice, PRICES, priceFaults, priceOf } from "../../planner/prices";

describe("prices", () => {
  test.each([
    ["eks-hour", 0.1],
    ["nat-hour", 0.045],
    ["nat-gb", 0.045],
    ["alb-hour", 0.0225],
    ["ipv4-hour", 0.005],
    ["gp3-gb-month", 0.08],
    ["db.t4g.small", 0.032],
    ["rds-storage-gb-month", 0.115],
    ["kms-key-month", 1],
    ["m7i.large", 0.1008],
    ["g6e.xlarge", 1.861],
    ["g5.xlarge", 1.006],
    ["p5.4xlarge", 6.88],
    ["p5.48xlarge", 55.04],
    ["p6-b200.48xlarge", 113.9328],
  ])("%s is %d dollars", (name, usd) => {
    expect(priceOf(name)).toBe(usd);
  });

  test("a control plane out of support costs six times as much in all", () => {
    expect(priceOf("eks-hour") + priceOf("eks-extended-hour")).toBeCloseTo(6 * priceOf("eks-hour"), 12);
  });

  test("each has a date and a source", () => {
    for (const name of [...Object.keys(PRICES), "g6e.xlarge"]) {
      expect(listPrice(name)?.date, name).toMatch(/^20\d\d/);
      expect(listPrice(name)?.source.length, name).toBeGreaterThan(10);
    }
  });

  test("the user's own price wins, for a listed type and for one without a list price", () => {
    expect(priceOf("g6e.xlarge", { "g6e.xlarge": 0.7 })).toBe(0.7);
    expect(priceOf("nat-hour", { "nat-hour": 0 })).toBe(0);
    expect(priceOf("p5e.48xlarge", { "p5e.48xlarge": 41.6 })).toBe(41.6);
    expect(priceOf("g6e.xlarge", { "g5.xlarge": 0.7 })).toBe(1.861);
  });

  test("no price is made up", () => {
    expect(INSTANCES["p5e.48xlarge"]?.onDemandUsdPerHour).toBeUndefined();
    expect(() => priceOf("p5e.48xlarge")).toThrow(
      "there is no list price of p5e.48xlarge (as of 2026-07-20); set prices.p5e.48xlarge in dollars an hour",
    );
    expect(() => priceOf("constructor")).toThrow("there is no list price of constructor");
    expect(() => priceOf("toString", {})).toThrow("there is no list price of toString");
  });

  test("overrides that are none are named", () => {
    expect(priceFaults({ "g6e.xlarge": -1, "nat-hour": Number.NaN, "db.m7g.large": 0.168 })).toEqual([
      "prices.g6e.xlarge is -1: a price is a number of dollars, 0 or more",
      "prices.nat-hour is NaN: a price is a number of dollars, 0 or more",
    ]);
    const [fault] = priceFaults({ nat: 0.045 });
    expect(fault).toContain("prices.nat is no price that is used: name an instance type or one of eks-hour,");
    expect(() => priceOf("eks-hour", { "eks-hour": -0.1 })).toThrow("prices.eks-hour is -0.1");
  });

  test("any number from 0 up is taken as it is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(PRICES)),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (name, usd) => {
          expect(priceFaults({ [name]: usd })).toEqual([]);
          expect(priceOf(name, { [name]: usd })).toBe(usd);
        },
      ),
      { seed: 21 },
    );
  });
});
