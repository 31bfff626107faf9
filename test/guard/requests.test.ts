import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extended, MOST_EXTENSION, woken } from "../../guard/requests";
import type { GuardState } from "../../guard/state";
import { at, HOUR, NOW, SETTINGS } from "./facts-made";

const LEASED = { ...SETTINGS, leaseSeconds: 12 * HOUR };
const SIZE = { min: 0, desired: 2, max: 3 };
const OFF = { since: at(-HOUR), reason: "lease", detail: "The lease ended.", sizes: { a: SIZE } } as const;

describe("extend", () => {
  test.each([
    ["counts from the end", { leaseUntil: at(HOUR) }, at(5 * HOUR)],
    ["counts from now when it is over", { leaseUntil: at(-HOUR) }, at(4 * HOUR)],
    ["before the first check it begins now", {}, at(16 * HOUR)],
  ])("%s", (_, state, leaseUntil) => {
    expect(extended(state, 4 * HOUR, LEASED, NOW)).toEqual({ state: { leaseUntil } });
  });
  test.each([
    ["off", { off: OFF }, LEASED, HOUR, /switched off since .* npm run wake -- --stack dev$/],
    ["no lease", {}, SETTINGS, HOUR, /^stack dev has no lease/],
    ["nothing", {}, LEASED, 0, /cannot be extended by 0 seconds/],
    ["not a number", {}, LEASED, Number.NaN, /cannot be extended by NaN/],
    ["too much", {}, LEASED, MOST_EXTENSION + 1, /at most 2592000/],
  ])("is refused: %s", (_, state, settings, seconds, reason) => {
    expect(extended(state, seconds, settings, NOW)).toEqual({ refused: expect.stringMatching(reason) });
  });
  test("never shortens a lease", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e8, max: 1e8 }), fc.integer({ min: 1, max: MOST_EXTENSION }), (end, seconds) => {
        const asked = extended({ leaseUntil: at(end) }, seconds, LEASED, NOW);
        const until = "state" in asked ? Date.parse(asked.state.leaseUntil ?? "") : Number.NaN;
        expect(until).toBeGreaterThan(Date.parse(at(end)));
        expect(until).toBeGreaterThan(NOW.getTime());
      }),
    );
  });
});

describe("wake", () => {
  test("is on, with a whole lease, and what has to be restored", () => {
    const state: GuardState = {
      leaseUntil: at(-HOUR),
      off: OFF,
      idleEnds: { l40s: [at(-HOUR)] },
      idleRestTold: { l40s: at(-HOUR) },
      warnedOf: at(-HOUR),
      pastLimitSince: at(-HOUR),
    };
    expect(woken(state, LEASED, NOW)).toEqual({ leaseUntil: at(12 * HOUR), waking: { sizes: { a: SIZE } } });
  });
  test("of what is not off shortens no lease", () => {
    expect(woken({ leaseUntil: at(20 * HOUR) }, LEASED, NOW).leaseUntil).toBe(at(20 * HOUR));
  });
  test("twice forgets no size", () => {
    expect(woken(woken({ off: OFF }, SETTINGS, NOW), SETTINGS, NOW)).toEqual({ waking: { sizes: { a: SIZE } } });
  });
});
