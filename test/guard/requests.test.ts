import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Act } from "../../guard/decide";
import { leftRunning, remembered } from "../../guard/outcome";
import { extended, MOST_EXTENSION, woken } from "../../guard/requests";
import type { GuardState } from "../../guard/state";
import { at, HOUR, instance, NOW, SETTINGS } from "./facts-made";

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

describe("what is remembered of a check", () => {
  const allow: Act = { act: "allow", role: "karpenter" };
  const size: Act = { act: "size", group: "a", size: SIZE };
  const idle: Act = { act: "terminate", ids: ["i-1", "i-2"], why: "idle" };
  const nothing = { wanted: [], through: [], told: [], instances: [] };

  test("a wake is over when all of it is through", () => {
    const state = { waking: { sizes: { a: SIZE } } };
    const wanted = [allow, size];
    expect(remembered(state, { ...nothing, wanted, through: [allow] }, NOW)).toEqual(state);
    expect(remembered(state, { ...nothing, wanted, through: wanted }, NOW)).toEqual({});
  });
  test("idle ends count once a check and pool, when they worked, and for a day", () => {
    const instances = [instance("i-1"), instance("i-2")];
    const state = { idleEnds: { l40s: [at(-25 * HOUR), at(-HOUR)] } };
    expect(remembered(state, { ...nothing, wanted: [idle], instances }, NOW)).toEqual(state);
    expect(remembered(state, { ...nothing, wanted: [idle], through: [idle], instances }, NOW)).toEqual({
      idleEnds: { l40s: [at(-HOUR), at(0)] },
    });
  });
  test("what a switch-off left running is told of, once", () => {
    const end: Act = { act: "terminate", ids: ["i-1"], why: "off" };
    const instances = [instance("i-1"), instance("i-2")];
    const failed = { wanted: [end], through: [], instances };
    expect(leftRunning({ off: OFF }, failed)).toEqual([{ notice: "left", instances: [instances[0]] }]);
    expect(leftRunning({ off: OFF }, { ...failed, through: [end] })).toEqual([]);
    expect(leftRunning({}, failed)).toEqual([]);
    const told = leftRunning({ off: OFF }, failed);
    expect(leftRunning(remembered({ off: OFF }, { ...failed, told }, NOW), failed)).toEqual([]);
  });
  test("what was told is not told again", () => {
    const told = [
      { notice: "off", off: OFF },
      { notice: "lease-warning", leaseUntil: at(HOUR) },
      { notice: "steady-idle", instances: [] },
      { notice: "idle-rests", pool: "l40s", since: at(-HOUR), until: at(23 * HOUR) },
      { notice: "unseen", instances: [instance("i-1"), instance("i-2")], endsFrom: at(HOUR) },
    ] as const;
    const before = { off: OFF, unseenSince: { "i-1": at(-HOUR) } };
    expect(remembered(before, { ...nothing, told }, NOW)).toEqual({
      off: { ...OFF, told: true },
      idleRestTold: { l40s: at(-HOUR) },
      unseenSince: { "i-1": at(-HOUR), "i-2": at(0) },
      unseenTold: at(0),
      warnedOf: at(HOUR),
      steadyIdleTold: at(0),
    });
  });
});
