import { describe, expect, test } from "vitest";
import { decide, type Facts } from "../../guard/decide";
import type { Instance } from "../../guard/instances";
import type { GuardState } from "../../guard/state";
import { at, HOUR, instance, NO_USE, NOTHING, NOW, SETTINGS, steady } from "./facts-made";

const check = (facts: Partial<Facts>, state: GuardState = {}) => decide({ ...NOTHING, ...facts }, state, SETTINGS, NOW);

describe("idle", () => {
  const ids = (facts: Partial<Facts>) =>
    check(facts).acts.flatMap((act) => (act.act === "terminate" ? act.ids.map((id) => `${act.why} ${id}`) : []));
  const one = (made: Parameters<typeof instance>[1], use: Facts["use"][string] | undefined) =>
    ids({ instances: [instance("i-1", made)], use: use === undefined ? {} : { "i-1": use } });

  test.each([
    ["no use for long", {}, NO_USE, ["idle i-1"]],
    ["a little use", {}, { ...NO_USE, highest: 0.1 }, []],
    ["a tenth of the values missing", {}, { ...NO_USE, points: 108 }, ["idle i-1"]],
    ["more of them missing", {}, { ...NO_USE, points: 107 }, []],
    ["younger than the limit", { age: 2 * HOUR }, NO_USE, []],
    ["a pool with a floor", { pool: "floor" }, NO_USE, []],
    ["a pool that is no more", { pool: "gone" }, NO_USE, ["idle i-1"]],
    ["a pool that is no more and was never known", { pool: "toString" }, NO_USE, ["idle i-1"]],
    ["used, in a pool that is no more", { pool: "gone" }, { ...NO_USE, highest: 1 }, []],
    ["steady", { pool: "fixed", elastic: false }, NO_USE, []],
    ["no value, old, but nobody was told", { age: 99 * HOUR }, { ...NO_USE, points: 0 }, []],
    ["metric not readable", { age: 99 * HOUR }, undefined, []],
  ] as const)("%s", (_, made, use, expected) => {
    expect(one(made, use)).toEqual(expected);
  });
  test("steady ones are told of once a day", () => {
    const facts = { instances: [steady("i-1")], use: { "i-1": NO_USE } };
    const told = (steadyIdleTold?: string) => check(facts, { steadyIdleTold }).notices.map(({ notice }) => notice);
    expect(told()).toEqual(["steady-idle"]);
    expect(told(at(-23 * HOUR))).toEqual([]);
    expect(told(at(-25 * HOUR))).toEqual(["steady-idle"]);
  });
  test.each([
    ["twice", [at(-5 * HOUR), at(-HOUR)], []],
    ["three times", [at(-6 * HOUR), at(-5 * HOUR), at(-HOUR)], ["idle-rests"]],
    ["three times, a day ago", [at(-30 * HOUR), at(-29 * HOUR), at(-24 * HOUR)], []],
    ["three times, the first a day ago", [at(-24 * HOUR), at(-10 * HOUR), at(-HOUR)], []],
  ])("ended %s: a pool whose idle nodes keep coming back rests for a day", (_, times, expected) => {
    const facts = { instances: [instance("i-1")], use: { "i-1": NO_USE } };
    const { state, acts, notices } = check(facts, { idleEnds: { l40s: times } });
    expect(notices.map(({ notice }) => notice)).toEqual(expected);
    expect([state.off, acts.length]).toEqual([undefined, 1 - expected.length]);
    // Of another pool it says nothing.
    expect(check(facts, { idleEnds: { floor: times } }).acts).toHaveLength(1);
  });
  test("of a pool that rests one is told once, and again when it rests again", () => {
    const idleEnds = { l40s: [at(-6 * HOUR), at(-5 * HOUR), at(-HOUR)] };
    const told = (time: string) => check({}, { idleEnds, idleRestTold: { l40s: time } }).notices;
    expect(told(at(-HOUR))).toEqual([]);
    expect(told(at(-40 * HOUR))).toEqual([
      { notice: "idle-rests", pool: "l40s", since: at(-HOUR), until: at(23 * HOUR) },
    ]);
  });
});

describe("unseen", () => {
  const NOT_SEEN = { ...NO_USE, points: 0 };
  const old = instance("i-1", { age: 13 * HOUR });
  const facts = (...some: Instance[]): Partial<Facts> => ({
    instances: some,
    use: Object.fromEntries(some.map(({ id }) => [id, NOT_SEEN])),
  });
  const told = (id: string, hours: number): GuardState => ({
    unseenSince: { [id]: at(hours * HOUR) },
    unseenTold: at(hours * HOUR),
  });

  test.each([
    ["young", { age: 3 * HOUR }, at(9 * HOUR)],
    ["older than it may be, there are two hours left", { age: 50 * HOUR }, at(2 * HOUR)],
  ])("as soon as its idle window is empty one is told: %s", (_, made, endsFrom) => {
    const one = instance("i-1", made);
    expect(check(facts(one))).toEqual({
      state: {},
      acts: [],
      notices: [{ notice: "unseen", instances: [one], endsFrom }],
    });
  });
  test.each([
    ["within its window", instance("i-1", { age: 2 * HOUR })],
    ["a pool with a floor", instance("i-1", { pool: "floor", age: 99 * HOUR })],
    ["steady", instance("i-1", { elastic: false, age: 99 * HOUR })],
  ])("nobody hears of one %s", (_, one) => {
    expect(check(facts(one), told("i-1", -20))).toMatchObject({ acts: [], notices: [] });
  });
  test.each([
    ["two hours after the notice", old, told("i-1", -2), ["i-1"]],
    ["a second before", old, told("i-1", -2 + 1 / HOUR), []],
    ["not older than it may be", instance("i-1", { age: 12 * HOUR }), told("i-1", -5), []],
    ["somebody was told, of others", old, told("i-2", -5), []],
  ])("it goes, %s: %j", (_, one, state, expected) => {
    const { acts, notices } = check(facts(one), state);
    expect(acts.flatMap((act) => (act.act === "terminate" ? act.ids : []))).toEqual(expected);
    expect(notices).toEqual([]);
  });
  test("they go one at a check, the oldest first", () => {
    const older = instance("i-2", { age: 20 * HOUR });
    const state = { unseenSince: { "i-1": at(-3 * HOUR), "i-2": at(-3 * HOUR) }, unseenTold: at(-3 * HOUR) };
    expect(check(facts(old, older), state).acts).toEqual([
      { act: "terminate", ids: ["i-2", "i-1"], why: "unseen", one: true },
    ]);
  });
  test("one is told once a day, and what is missed meanwhile has its own two hours", () => {
    const { state, notices } = check(facts(old, instance("i-2")), told("i-1", -1));
    expect([notices, state.unseenSince]).toEqual([[], { "i-1": at(-HOUR), "i-2": at(0) }]);
    const again = check(facts(old), told("i-1", -24));
    expect(again.notices.map(({ notice }) => notice)).toEqual(["unseen"]);
  });
  test.each([
    ["gone", [], {}, {}],
    ["seen again", [old], { "i-1": { ...NO_USE, highest: 3 } }, {}],
    ["not readable", [old], {}, { "i-1": at(-HOUR) }],
  ] as const)("one that is %s", (_, instances, use, expected) => {
    expect(check({ instances, use }, told("i-1", -1)).state.unseenSince ?? {}).toEqual(expected);
  });
  test("when all are seen again, the next failure has its own notice; when all are gone, that is the day's", () => {
    const seen = { "i-1": { ...NO_USE, highest: 3 } };
    expect(check({ instances: [old], use: seen }, told("i-1", -1)).state.unseenTold).toBeUndefined();
    expect(check({}, told("i-1", -1)).state.unseenTold).toBe(at(-HOUR));
  });
  test("instances that cannot be read are not forgotten", () => {
    expect(check({ instances: undefined }, told("i-1", -1)).state).toEqual(told("i-1", -1));
  });
  test("where unseen nodes are never ended, one is told so once a day", () => {
    const stays = instance("i-1", { pool: "fixed", age: 99 * HOUR });
    expect(check(facts(stays))).toEqual({
      state: {},
      acts: [],
      notices: [{ notice: "unseen", instances: [stays], endsFrom: undefined }],
    });
    expect(check(facts(stays), { unseenTold: at(-23 * HOUR) })).toEqual({
      state: { unseenTold: at(-23 * HOUR) },
      acts: [],
      notices: [],
    });
    expect(check(facts(stays), told("i-1", -25)).acts).toEqual([]);
    expect(check(facts(stays), told("i-1", -25)).notices).toHaveLength(1);
  });
  test("the time of the end is of those that may be ended", () => {
    const stays = instance("i-2", { pool: "fixed", age: 99 * HOUR });
    expect(check(facts(old, stays)).notices).toMatchObject([{ instances: [old, stays], endsFrom: at(2 * HOUR) }]);
  });
  test("a pool that is no more has the longest time that there is", () => {
    const orphan = (age: number) => check(facts(instance("i-1", { pool: "gone", age })), told("i-1", -3)).acts;
    expect(orphan(12 * HOUR)).toEqual([]);
    expect(orphan(12 * HOUR + 1)).toHaveLength(1);
  });
  test("sixteen wait at once, the oldest, and others as these go", () => {
    const many = Array.from({ length: 40 }, (_, index) => instance(`i-${index}`, { age: (13 + index) * HOUR }));
    const since = (state: GuardState) => Object.keys(state.unseenSince ?? {});
    const first = check(facts(...many), { unseenTold: at(-HOUR) }).state;
    expect(since(first)).toEqual(Array.from({ length: 16 }, (_, index) => `i-${39 - index}`));
    const next = check(facts(...many.slice(0, 39)), first).state;
    expect(since(next)).toEqual([...since(first).slice(1), "i-23"]);
  });
  test("without a memory nobody hears of it at every check, and nothing goes", () => {
    expect(decide({ ...NOTHING, ...facts(old) }, {}, SETTINGS, NOW, false)).toMatchObject({ acts: [], notices: [] });
  });
});

describe("nodes of pools that are not in the stack, where no pool says how long a node may be unused", () => {
  const settings = { ...SETTINGS, pools: { floor: {} } };
  const orphan = instance("i-1", { pool: "gone" });
  const found = (one: Instance, state: GuardState = {}) =>
    decide({ ...NOTHING, instances: [one], use: { [one.id]: NO_USE } }, state, settings, NOW);
  test("one is told once a day", () => {
    expect(found(orphan)).toEqual({ state: {}, acts: [], notices: [{ notice: "orphans", instances: [orphan] }] });
    expect(found(orphan, { orphansTold: at(-23 * HOUR) }).notices).toEqual([]);
    expect(found(orphan, { orphansTold: at(-25 * HOUR) }).notices).toHaveLength(1);
  });
  test("not of what an `up` has just made, nor of a pool that is there", () => {
    expect(found(instance("i-1", { pool: "gone", age: HOUR })).notices).toEqual([]);
    expect(found(instance("i-1", { pool: "floor" })).notices).toEqual([]);
    expect(check({ instances: [orphan], use: {} }).notices).toEqual([]);
  });
});
