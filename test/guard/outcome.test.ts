import { describe, expect, test } from "vitest";
import type { Act, Notice, Why } from "../../guard/decide";
import { noticesOf, type Outcome, remembered, withOff } from "../../guard/outcome";
import type { GuardState } from "../../guard/state";
import { at, HOUR, instance, NOW, SETTINGS } from "./facts-made";

const SIZE = { min: 0, desired: 2, max: 3 };
const OFF = { since: at(-HOUR), reason: "lease", detail: "The lease ended.", sizes: { a: SIZE } } as const;
const NONE: Outcome = { wanted: [], through: [], ended: [], stayed: [], instances: [] };
const end = (why: Why, ...ids: string[]): Act => ({ act: "terminate", ids, why });
const of = (state: GuardState, outcome: Partial<Outcome>, told: readonly Notice[] = []) =>
  remembered(state, { ...NONE, ...outcome }, told, SETTINGS, NOW);
const told = (state: GuardState, outcome: Partial<Outcome>) => noticesOf(state, { ...NONE, ...outcome }, NOW);

test("a wake is over when all of it is through", () => {
  const allow: Act = { act: "allow", role: "karpenter" };
  const size: Act = { act: "size", group: "a", size: SIZE };
  const state = { waking: { sizes: { a: SIZE } } };
  const wanted = [allow, size];
  expect(of(state, { wanted, through: [allow] })).toEqual(state);
  expect(of(state, { wanted, through: wanted })).toEqual({});
});

describe("idle ends", () => {
  /** Idle ends of a pool once an instance of an age is ended, with those before. */
  const ends = (age: number, ...before: readonly number[]) =>
    of(before.length === 0 ? {} : { idleEnds: { l40s: before.map((hours) => at(hours * HOUR)) } }, {
      wanted: [end("idle", "i-1")],
      ended: ["i-1"],
      instances: [instance("i-1", { age: age * HOUR })],
    }).idleEnds?.l40s;

  test.each([
    ["the first", 30, [], [0]],
    ["what was started after the last", 2.5, [-3], [-3, 0]],
    ["what was there before the last, which is no return", 30, [-3], [-3]],
    ["what was started at the last", 3, [-3], [-3]],
    ["the first within a day", 30, [-25], [0]],
    ["no more than make a rest", 0.5, [-9, -6, -3, -1], [-3, -1, 0]],
  ])("counted: %s", (_, age, before, expected) => {
    expect(ends(age, ...before)).toEqual(expected.map((hours) => at(hours * HOUR)));
  });
  test("once a check and pool, and only of what went", () => {
    const instances = [instance("i-1"), instance("i-2"), instance("i-3", { pool: "floor" })];
    const wanted = [end("idle", "i-1", "i-2", "i-3")];
    expect(of({}, { wanted, instances, ended: ["i-1", "i-2"], stayed: ["i-3"] })).toEqual({
      idleEnds: { l40s: [at(0)] },
    });
    expect(of({}, { wanted, instances, stayed: ["i-1", "i-2", "i-3"] })).toEqual({});
  });
});

describe("what is told once the steps are over", () => {
  const instances = [instance("i-1"), instance("i-2"), instance("i-3")];
  const [one, two, three] = instances;
  const idle = { wanted: [end("idle", "i-1", "i-2")], instances };

  test("what went, and of the others that they did not", () => {
    expect(told({}, { ...idle, ended: ["i-1"], stayed: ["i-2"] })).toEqual([
      { notice: "ended", why: "idle", instances: [one] },
      { notice: "stayed", instances: [two] },
    ]);
  });
  test("nothing of what was gone before", () => {
    expect(told({}, idle)).toEqual([]);
  });
  test("of what stays at most once a day", () => {
    const failed = { ...idle, stayed: ["i-1", "i-2"] };
    expect(told({ stayedTold: at(-23 * HOUR) }, failed)).toEqual([]);
    expect(told({ stayedTold: at(-25 * HOUR) }, failed)).toEqual([{ notice: "stayed", instances: [one, two] }]);
    expect(told(of({}, failed, told({}, failed)), failed)).toEqual([]);
  });
  test("idle and unseen ones apart", () => {
    const wanted = [end("idle", "i-1"), end("unseen", "i-2", "i-3")];
    expect(told({}, { wanted, instances, ended: ["i-1", "i-3"], stayed: ["i-2"] })).toEqual([
      { notice: "ended", why: "idle", instances: [one] },
      { notice: "ended", why: "unseen", instances: [three] },
      { notice: "stayed", instances: [two] },
    ]);
  });
  test("what a switch-off left running, once", () => {
    const failed = { wanted: [end("off", "i-1", "i-2")], instances, ended: ["i-2"], stayed: ["i-1"] };
    expect(told({ off: OFF }, failed)).toEqual([{ notice: "left", instances: [one] }]);
    expect(told({ off: OFF }, { ...failed, stayed: [] })).toEqual([]);
    expect(told(of({ off: OFF }, failed, told({ off: OFF }, failed)), failed)).toEqual([]);
  });
});

test("what was told is not told again", () => {
  const notices = [
    { notice: "off", off: OFF },
    { notice: "lease-warning", leaseUntil: at(HOUR) },
    { notice: "steady-idle", instances: [] },
    { notice: "idle-rests", pool: "l40s", since: at(-HOUR), until: at(23 * HOUR) },
    { notice: "unseen", instances: [instance("i-1"), instance("i-2")], endsFrom: at(HOUR) },
    { notice: "stayed", instances: [] },
    { notice: "orphans", instances: [] },
  ] as const;
  expect(of({ off: OFF, unseenSince: { "i-1": at(-HOUR) } }, {}, notices)).toEqual({
    off: { ...OFF, told: true },
    idleRestTold: { l40s: at(-HOUR) },
    unseenSince: { "i-1": at(-HOUR), "i-2": at(0) },
    unseenTold: at(0),
    warnedOf: at(HOUR),
    steadyIdleTold: at(0),
    stayedTold: at(0),
    orphansTold: at(0),
  });
});

test("a switch-off by a check that could not read the state takes over from what that says", () => {
  const waking = { sizes: { a: { ...SIZE, desired: 1 }, b: SIZE } };
  expect(withOff({ leaseUntil: at(HOUR), pastLimitSince: at(0), waking }, OFF)).toEqual({
    leaseUntil: at(HOUR),
    off: { ...OFF, sizes: { a: SIZE, b: SIZE } },
  });
  const known = { off: { ...OFF, reason: "limit" } } as const;
  expect(withOff(known, OFF)).toBe(known);
});
