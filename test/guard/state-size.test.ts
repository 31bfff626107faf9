import fc from "fast-check";
import { expect, test } from "vitest";
import { decide } from "../../guard/decide";
import { noticesOf, remembered } from "../../guard/outcome";
import type { GuardSettings } from "../../guard/settings";
import { type GuardState, stateText } from "../../guard/state";
import { at, HOUR, instance, NOW, SETTINGS } from "./facts-made";

/*
 * The state stays below what a standard SSM parameter takes, however many instances there are.
 */

const MOST = 4096;
const POOLS = Array.from({ length: 8 }, (_, index) => `${index}-${"x".repeat(38)}`);
const groupOf = (pool: string) => `${pool}-20260310120000000000000a`.slice(0, 63);
const settings: GuardSettings = {
  ...SETTINGS,
  leaseSeconds: 12 * HOUR,
  limitUsdPerHour: 1e6,
  pools: Object.fromEntries(
    POOLS.map((pool) => [pool, { nodeGroup: groupOf(pool), idleSeconds: 2 * HOUR, unseenSeconds: 3 * HOUR }]),
  ),
};

/** What is remembered once it has gone through checks in which everything works, or EC2 keeps all. */
function checked(state: GuardState, seconds: number, uses: readonly (number | "none")[], keeps: boolean): GuardState {
  const now = new Date(NOW.getTime() + seconds * 1000);
  const instances = uses.map((_, index) => {
    const made = instance(`i-0123456789abc${index}-${seconds}`, { pool: POOLS[index % POOLS.length] });
    return { ...made, launched: new Date(now.getTime() - (index % 7 === 0 ? 4 : 2.5) * HOUR * 1000) };
  });
  const use = Object.fromEntries(
    instances.map(({ id }, index) => {
      const seen = uses[index] ?? "none";
      return [id, { points: seen === "none" ? 0 : 120, expected: 120, highest: seen === "none" ? 0 : seen }];
    }),
  );
  const groups = Object.fromEntries(POOLS.map((pool) => [groupOf(pool), { min: 1000, desired: 1000, max: 1000 }]));
  const decision = decide({ instances, use, groups }, state, settings, now);
  const ids = decision.acts.flatMap((act) => (act.act === "terminate" ? act.ids : []));
  const outcome = {
    wanted: decision.acts,
    through: [],
    ended: keeps ? [] : ids,
    stayed: keeps ? ids : [],
    instances,
  };
  const told = [...decision.notices, ...noticesOf(decision.state, outcome, now)];
  return remembered(decision.state, outcome, told, settings, now);
}

const uses = fc.array(fc.constantFrom<(number | "none")[]>(0, 50, "none", "none"), { maxLength: 600, size: "max" });
const rounds = fc.array(fc.tuple(uses, fc.boolean()), { minLength: 1, maxLength: 8 });

test("whatever the checks find", () => {
  fc.assert(
    fc.property(rounds, (all) => {
      let state: GuardState = {};
      all.forEach(([found, keeps], round) => {
        state = checked(state, round * 2.5 * HOUR, found, keeps);
        expect(stateText(state).length).toBeLessThan(MOST);
      });
    }),
    { numRuns: 60 },
  );
});

test("with all that can be in it at once", () => {
  const each = <V>(value: V) => Object.fromEntries(POOLS.map((pool) => [pool, value]));
  const sizes = Object.fromEntries(POOLS.map((pool) => [groupOf(pool), { min: 1000, desired: 1000, max: 1000 }]));
  const unseenSince = Object.fromEntries(
    Array.from({ length: 90 }, (_, index) => [`i-0123456789abcde${index}`, at(0)]),
  );
  const full: GuardState = {
    leaseUntil: at(-1),
    waking: { sizes },
    pastLimitSince: at(0),
    idleEnds: each([at(0), at(0), at(0)]),
    idleRestTold: each(at(0)),
    unseenSince,
    unseenTold: at(0),
    warnedOf: at(0),
    steadyIdleTold: at(0),
    stayedTold: at(0),
    orphansTold: at(0),
  };
  const found = Object.keys(unseenSince).map((id) => instance(id, { pool: POOLS[0] }));
  const { state } = decide({ instances: found, groups: {}, use: {} }, full, settings, NOW);
  expect(Object.keys(state.off?.sizes ?? {})).toHaveLength(8);
  expect(Object.keys(state.unseenSince ?? {})).toHaveLength(16);
  expect(stateText(state).length).toBeLessThan(MOST);
});
