import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Act, decide, type Facts } from "../../guard/decide";
import { type Instance, LAUNCHED_TAG } from "../../guard/instances";
import type { GuardSettings } from "../../guard/settings";
import type { GuardState } from "../../guard/state";
import { GPU_POOL_TAG, STACK_TAG } from "../../guard/tags";
import { at, HOUR, instance, NOTHING, NOW, SETTINGS, steady } from "./facts-made";

const DENY: Act = { act: "deny", role: "karpenter" };
const UP = { min: 1, desired: 2, max: 3 };
const OFF = { since: at(-HOUR), reason: "lease", detail: "The lease ended.", sizes: {}, told: true } as const;
const LEASED: GuardSettings = { ...SETTINGS, leaseSeconds: 12 * HOUR };
const check = (facts: Partial<Facts>, state: GuardState = {}, settings: GuardSettings = SETTINGS) =>
  decide({ ...NOTHING, ...facts }, state, settings, NOW);

describe("lease", () => {
  test("the first check begins it", () => {
    expect(check({}, {}, LEASED)).toEqual({ state: { leaseUntil: at(12 * HOUR) }, acts: [], notices: [] });
  });
  test.each([
    [1, undefined],
    [0, "lease"],
    [-1, "lease"],
  ])("%d seconds before its end: %s", (left, reason) => {
    expect(check({}, { leaseUntil: at(left), warnedOf: at(left) }, LEASED).state.off?.reason).toBe(reason);
  });
  test("one that was set once and is no more ends nothing", () => {
    expect(check({ instances: [instance("i-1")] }, { leaseUntil: at(-HOUR) })).toMatchObject({ acts: [], notices: [] });
  });
  test.each([
    [HOUR + 1, 12 * HOUR, undefined, []],
    [HOUR, 12 * HOUR, undefined, ["lease-warning"]],
    [HOUR, 12 * HOUR, at(HOUR), []],
    [HOUR, 12 * HOUR, at(0), ["lease-warning"]],
    [HOUR, HOUR, undefined, []],
  ])("%d seconds before the end of a lease of %d, warned of %s: %j", (left, leaseSeconds, warnedOf, expected) => {
    const { notices } = check({}, { leaseUntil: at(left), warnedOf }, { ...SETTINGS, leaseSeconds });
    expect(notices.map(({ notice }) => notice)).toEqual(expected);
  });
});

describe("limit", () => {
  const three = [instance("i-1"), instance("i-2", { type: "p5.48xlarge", pool: "floor" }), steady("i-3")];
  test.each([
    // Since when it was past the limit at the check before, and what this check finds.
    [122, undefined, "within"],
    [122, -300, "within"],
    [121.99, undefined, "past"],
    [121.99, -300, "off"],
    // Two checks at once, or one that was started again, are one.
    [121.99, -60, "still past"],
    [61, undefined, "past"],
    [60.99, undefined, "off"],
  ])("122 dollars an hour against %d, past it since %s: %s", (limitUsdPerHour, since, expected) => {
    const pastLimitSince = since === undefined ? undefined : at(since);
    const { state, acts, notices } = check({ instances: three }, { pastLimitSince }, { ...SETTINGS, limitUsdPerHour });
    const told = notices.map(({ notice }) => notice);
    const found = { off: state.off?.reason, since: state.pastLimitSince, acts: acts.length > 0, told };
    const on = { off: undefined, acts: false, told: [] };
    expect(found).toEqual(
      {
        within: { ...on, since: undefined },
        past: { ...on, since: at(0), told: ["past-limit"] },
        "still past": { ...on, since: pastLimitSince },
        off: { off: "limit", since: undefined, acts: true, told: ["off"] },
      }[expected],
    );
  });
  test.each([
    ["what was there at the check before is past it", [240, 600, 600], 121, "limit"],
    ["one of them was not there", [239, 600, 600], 121, undefined],
    ["past twice of it", [0, 0, 0], 60, "limit"],
    ["within it", [600, 600, 600], 122, undefined],
  ])("without a memory, %s", (_, ages, limitUsdPerHour, reason) => {
    const instances = three.map((one, index) => ({
      ...one,
      launched: new Date(NOW.getTime() - (ages[index] ?? 0) * 1000),
    }));
    const settings = { ...SETTINGS, limitUsdPerHour };
    expect(decide({ ...NOTHING, instances }, {}, settings, NOW, false).state.off?.reason).toBe(reason);
  });
  test("instances that cannot be read are no check within the limit", () => {
    const state = { pastLimitSince: at(-300) };
    expect(check({ instances: undefined }, state)).toEqual({ state, acts: [], notices: [] });
  });
  test("a sum that is not exact is not above a limit that is", () => {
    const some = ["i-1", "i-2", "i-3"].map((id) => instance(id));
    const settings = { ...SETTINGS, prices: { "g6e.xlarge": 0.1 }, limitUsdPerHour: 0.3 };
    expect(check({ instances: some }, {}, settings).state).toEqual({});
  });
  test("a type without a price counts as the dearest", () => {
    const odd = [instance("i-1", { type: "p6-b200.48xlarge" })];
    expect(check({ instances: odd }, {}, { ...SETTINGS, limitUsdPerHour: 29 }).state.off?.detail).toContain("$60.00");
  });
});

describe("off", () => {
  const facts = { instances: [instance("i-1"), steady("i-2")], groups: { "fixed-nodes": UP } };
  test("launches are denied, then groups go to zero, then instances go; sizes are remembered", () => {
    expect(check(facts, { leaseUntil: at(0) }, LEASED)).toEqual({
      state: {
        leaseUntil: at(0),
        off: { since: at(0), reason: "lease", detail: `The lease ended at ${at(0)}.`, sizes: { "fixed-nodes": UP } },
      },
      acts: [
        DENY,
        { act: "size", group: "fixed-nodes", size: { min: 0, desired: 0, max: 3 } },
        { act: "terminate", ids: ["i-1", "i-2"], why: "off" },
      ],
      notices: [expect.objectContaining({ notice: "off" })],
    });
  });
  test("it is enforced again, tells nothing twice, and keeps the sizes it knows", () => {
    const off = { ...OFF, sizes: { "fixed-nodes": UP } };
    const down = { min: 0, desired: 0, max: 3 };
    expect(check({ groups: { "fixed-nodes": down } }, { off })).toEqual({ state: { off }, acts: [DENY], notices: [] });
  });
  test("what a `pulumi up` has set meanwhile is what the wake restores", () => {
    const more = { min: 0, desired: 4, max: 4 };
    const off = { ...OFF, sizes: { "fixed-nodes": UP } };
    expect(check({ groups: { "fixed-nodes": more } }, { off }).state.off?.sizes).toEqual({ "fixed-nodes": more });
  });
  test("instances that cannot be read keep nothing else on", () => {
    const { acts } = check({ ...facts, instances: undefined }, { off: OFF });
    expect(acts.map(({ act }) => act)).toEqual(["deny", "size"]);
  });
  test("without elastic pools there is nobody to deny", () => {
    expect(check({}, { off: OFF }, { ...SETTINGS, launchRole: undefined }).acts).toEqual([]);
  });
  test("a wake that is not through keeps its sizes when it is switched off again", () => {
    const { state } = check({}, { leaseUntil: at(-1), waking: { sizes: { "fixed-nodes": UP } } }, LEASED);
    expect([state.waking, state.off?.sizes]).toEqual([undefined, { "fixed-nodes": UP }]);
  });
  test("a wake that is not through goes on, but for groups that are no more", () => {
    expect(check({}, { waking: { sizes: { "fixed-nodes": UP, gone: UP } } }).acts).toEqual([
      { act: "allow", role: "karpenter" },
      { act: "size", group: "fixed-nodes", size: UP },
    ]);
  });
});

const tags = fc.record(
  {
    [STACK_TAG]: fc.constantFrom("pilotlight-dev", "pilotlight-dev2", "pilotlight-prod", ""),
    [GPU_POOL_TAG]: fc.constantFrom("l40s", "floor", "fixed", "gone"),
    [LAUNCHED_TAG]: fc.constantFrom("l40s", "other"),
  },
  { requiredKeys: [] },
);
const instances = fc.uniqueArray(
  fc.record({
    id: fc.nat({ max: 30 }).map((number) => `i-${number}`),
    type: fc.constantFrom("g6e.xlarge", "p5.48xlarge", "odd.large"),
    launched: fc.nat({ max: 40 * HOUR }).map((age) => new Date(NOW.getTime() - age * 1000)),
    tags: tags as fc.Arbitrary<Instance["tags"]>,
  }),
  { selector: ({ id }) => id, maxLength: 12 },
);
const use = fc.dictionary(
  fc.nat({ max: 30 }).map((number) => `i-${number}`),
  fc.record({ points: fc.nat({ max: 120 }), expected: fc.constant(120), highest: fc.constantFrom(0, 0, 50) }),
);
const times = fc.integer({ min: -30 * HOUR, max: 30 * HOUR }).map(at);
const states: fc.Arbitrary<GuardState> = fc.record(
  {
    leaseUntil: times,
    off: fc.constant(OFF),
    waking: fc.constant({ sizes: { "fixed-nodes": UP } }),
    idleEnds: fc.record({ l40s: fc.array(times, { maxLength: 3 }) }),
    pastLimitSince: times,
    unseenSince: fc.dictionary(
      fc.nat({ max: 30 }).map((number) => `i-${number}`),
      times,
    ),
    unseenTold: times,
  },
  { requiredKeys: [] },
);
const settings = fc.record({
  leaseSeconds: fc.option(fc.constant(12 * HOUR), { nil: undefined }),
  limitUsdPerHour: fc.constantFrom(0, 10, 1000),
});
const groups = fc.constantFrom<Facts["groups"]>(
  {},
  { "fixed-nodes": UP },
  { "fixed-nodes": { min: 0, desired: 0, max: 3 } },
);

test("whatever there is: only own GPU instances go, steady ones only when all is off, and nothing starts while it is off", () => {
  fc.assert(
    fc.property(instances, use, states, settings, groups, (found, used, state, more, sizes) => {
      const { state: after, acts } = decide(
        { instances: found, use: used, groups: sizes },
        state,
        { ...SETTINGS, ...more },
        NOW,
      );
      const order = acts.map(({ act }) => act);
      for (const act of acts) {
        if (act.act !== "terminate") continue;
        for (const { tags: of } of found.filter(({ id }) => act.ids.includes(id))) {
          expect(of[STACK_TAG]).toBe("pilotlight-dev");
          expect(of[GPU_POOL_TAG]).toBeDefined();
          if (act.why !== "off") expect(of[LAUNCHED_TAG]).toBeDefined();
        }
        expect(act.one).toBe(act.why === "unseen" ? true : undefined);
      }
      if (after.off === undefined) {
        expect(order).not.toContain("deny");
        return;
      }
      // Nothing may start before anything goes, and nothing that was off comes on by a check.
      expect(order[0]).toBe("deny");
      expect(order).not.toContain("allow");
      expect(order.indexOf("terminate") === -1 || order.indexOf("terminate") === order.length - 1).toBe(true);
      for (const act of acts) if (act.act === "size") expect(act.size).toMatchObject({ min: 0, desired: 0 });
      const own = found.filter(({ tags: of }) => of[STACK_TAG] === "pilotlight-dev" && of[GPU_POOL_TAG] !== undefined);
      const ended = acts.flatMap((act) => (act.act === "terminate" ? act.ids : []));
      expect([...ended].sort()).toEqual(own.map(({ id }) => id).sort());
    }),
    { numRuns: 500 },
  );
});
