import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spending } from "../../rehearsal/live/spending";

const sample = (at: number, usdPerHour: number) => ({ at, usdPerHour, models: {}, nodes: [] });

describe("what GPU nodes cost", () => {
  it("counts each sample until the next, and what the dearest moment would have cost until the end", () => {
    const samples = [sample(0, 0), sample(3600, 2), sample(7200, 5), sample(10_800, 0)];
    expect(spending(samples, 0, 36_000)).toEqual({ spentUsd: 7, mostUsdPerHour: 5, heldUsd: 2 + 5 * 8 });
  });

  it("counts nothing where nothing ran, or nothing was seen", () => {
    expect(spending([sample(0, 0), sample(10, 0)], 0, 3600)).toEqual({ spentUsd: 0, mostUsdPerHour: 0, heldUsd: 0 });
    expect(spending([], 0, 3600)).toEqual({ spentUsd: 0, mostUsdPerHour: 0, heldUsd: 0 });
  });

  it("is never more than what would have been kept on", () => {
    const prices = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(prices, (usd) => {
        const samples = usd.map((price, index) => sample(index * 10, price));
        const { spentUsd, heldUsd } = spending(samples, 0, usd.length * 10);
        expect(spentUsd).toBeLessThanOrEqual(heldUsd + 1e-9);
      }),
    );
  });
});
