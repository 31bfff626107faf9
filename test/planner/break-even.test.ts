import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ApiComparison,
  apiBreakEven,
  apiUsdPerDay,
  blendedUsdPerMillion,
  ownUsdPerDay,
} from "../../planner/break-even";

/** dev's $0.39 an hour, one g6e.xlarge, 1000 tokens/s half of the day, against $0.50 a million. */
const ONE: ApiComparison = {
  fixedUsdPerDay: 0.39 * 24,
  replicaUsdPerDay: 1.861 * 24,
  replicaTokensPerDay: 1000 * 86_400 * 0.5,
  apiUsdPerMillion: 0.5,
};

const money = (max: number) => fc.double({ min: 0, max, noNaN: true });
const comparisons: fc.Arbitrary<ApiComparison> = fc.record({
  fixedUsdPerDay: money(100),
  replicaUsdPerDay: fc.double({ min: 0.01, max: 3000, noNaN: true }),
  replicaTokensPerDay: fc.integer({ min: 1e5, max: 1e11 }),
  apiUsdPerMillion: fc.double({ min: 0.01, max: 60, noNaN: true }),
});

describe("own GPUs against an API", () => {
  test("never, where a full replica costs more than its tokens", () => {
    // 43.2 million tokens are $21.60 from the API, and $44.66 here.
    expect(apiBreakEven(ONE)).toBeUndefined();
    expect(apiBreakEven({ ...ONE, apiUsdPerMillion: 0 })).toBeUndefined();
  });

  test("with one replica, where the API is dear", () => {
    const found = apiBreakEven({ ...ONE, apiUsdPerMillion: 3 });
    expect(found?.replicas).toBe(1);
    expect(found?.usdPerDay).toBeCloseTo((0.39 + 1.861) * 24, 9);
    expect(found?.tokensPerDay).toBeCloseTo(((0.39 + 1.861) * 24 * 1e6) / 3, 3);
  });

  test("with three, where each earns a third of what is fixed", () => {
    const comparison = { fixedUsdPerDay: 25, replicaUsdPerDay: 40, replicaTokensPerDay: 1e7, apiUsdPerMillion: 5 };
    expect(apiBreakEven(comparison)).toEqual({ replicas: 3, usdPerDay: 145, tokensPerDay: 29e6 });
    expect(ownUsdPerDay(comparison, 29e6)).toBe(145);
    expect(ownUsdPerDay(comparison, 30e6 + 1)).toBe(185);
    expect(ownUsdPerDay(comparison, 0)).toBe(65);
  });

  test("it is where the two cost the same, and below it the API is cheaper", () => {
    let found = 0;
    fc.assert(
      fc.property(comparisons, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (comparison, share) => {
        const point = apiBreakEven(comparison);
        const own = (tokens: number) => ownUsdPerDay(comparison, tokens);
        const api = (tokens: number) => apiUsdPerDay(comparison, tokens);
        if (point === undefined) {
          // A replica that is full to the last token, and as many of them as one likes.
          for (const replicas of [1, 10, 1000])
            expect(api(replicas * comparison.replicaTokensPerDay)).toBeLessThanOrEqual(
              own(replicas * comparison.replicaTokensPerDay) * (1 + 1e-9),
            );
          return;
        }
        found += 1;
        expect(point.tokensPerDay / point.replicas).toBeLessThanOrEqual(comparison.replicaTokensPerDay * (1 + 1e-9));
        expect(api(point.tokensPerDay)).toBeCloseTo(point.usdPerDay, 6);
        // One token less, so that rounding at a full replica does not ask for another.
        expect(own(point.tokensPerDay * (1 - 1e-12))).toBeCloseTo(point.usdPerDay, 6);
        expect(api(point.tokensPerDay * share)).toBeLessThan(own(point.tokensPerDay * share));
      }),
      { seed: 41, numRuns: 1000 },
    );
    expect(found).toBeGreaterThan(200);
  });

  test("a dearer API never moves it up, dearer GPUs never down", () => {
    let compared = 0;
    fc.assert(
      fc.property(comparisons, fc.double({ min: 1.01, max: 3, noNaN: true }), (comparison, factor) => {
        const before = apiBreakEven(comparison)?.tokensPerDay ?? Number.POSITIVE_INFINITY;
        const at = (part: Partial<ApiComparison>) =>
          apiBreakEven({ ...comparison, ...part })?.tokensPerDay ?? Number.POSITIVE_INFINITY;
        expect(at({ apiUsdPerMillion: comparison.apiUsdPerMillion * factor })).toBeLessThanOrEqual(before);
        expect(at({ replicaUsdPerDay: comparison.replicaUsdPerDay * factor })).toBeGreaterThanOrEqual(before);
        expect(at({ fixedUsdPerDay: comparison.fixedUsdPerDay * factor })).toBeGreaterThanOrEqual(before);
        if (Number.isFinite(before)) compared += 1;
      }),
      { seed: 42, numRuns: 500 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test("input and output at two prices", () => {
    expect(blendedUsdPerMillion(0.2, 0.8, 0.25)).toBeCloseTo(0.35, 12);
    expect(() => blendedUsdPerMillion(0.2, 0.8, 2)).toThrow("outputShare is 2; it must be from 0 to 1");
  });

  test("what cannot be compared is named", () => {
    expect(() => apiBreakEven({ ...ONE, replicaTokensPerDay: 0, fixedUsdPerDay: -1 })).toThrow(
      "break-even: fixedUsdPerDay is -1, replicaTokensPerDay is 0; it must be above 0",
    );
  });
});
