import { expect, test } from "vitest";
import { readSettings } from "../../guard/read-settings";
import { SETTINGS_VARIABLE } from "../../guard/settings";
import { type GuardState, parseState, stateText } from "../../guard/state";
import { SETTINGS } from "./facts-made";

const OFF = { since: "2026-03-10T12:00:00.000Z", reason: "limit", detail: "Too dear.", sizes: {} } as const;

test("what is written is read again", () => {
  const state: GuardState = {
    leaseUntil: "2026-03-11T00:00:00.000Z",
    off: { ...OFF, sizes: { a: { min: 0, desired: 2, max: 3 } }, told: true },
    idleEnds: { l40s: ["2026-03-10T12:00:00.000Z"] },
    idleRestTold: { l40s: "2026-03-10T12:00:00.000Z" },
    pastLimitSince: "2026-03-10T12:00:00.000Z",
    unseenSince: { "i-1": "2026-03-10T12:00:00.000Z" },
    unseenTold: "2026-03-10T12:00:00.000Z",
    stayedTold: "2026-03-10T12:00:00.000Z",
    orphansTold: "2026-03-10T12:00:00.000Z",
  };
  expect(parseState(stateText(state))).toEqual({ state, faults: [] });
  expect(parseState("{}")).toEqual({ state: {}, faults: [] });
});

test.each([
  ["", {}, ["it is no JSON"]],
  ["nonsense", {}, ["it is no JSON"]],
  ["[1]", {}, ["it is no JSON object"]],
  ["null", {}, ["it is no JSON object"]],
  ['{"other":1,"toString":2}', {}, ["other is unknown", "toString is unknown"]],
  ['{"leaseUntil":"tomorrow"}', {}, ["leaseUntil cannot be read"]],
  // A reason of an earlier version: an upgrade does not forget that GPUs are off.
  [JSON.stringify({ off: { ...OFF, reason: "returning" } }), { off: { ...OFF, reason: "returning" } }, []],
  [JSON.stringify({ off: { ...OFF, reason: "other" } }), {}, ["off cannot be read"]],
  [JSON.stringify({ off: OFF, leaseUntil: 7 }), { off: OFF }, ["leaseUntil cannot be read"]],
])("%s: what is readable holds, the rest is named", (text, state, faults) => {
  expect(parseState(text)).toEqual({ state, faults });
});

const environment = (settings: unknown) => ({ [SETTINGS_VARIABLE]: JSON.stringify(settings) });

test("settings are read from the function's environment", () => {
  expect(readSettings(environment(SETTINGS))).toEqual(SETTINGS);
});

test.each([
  ["prices", { ...SETTINGS, prices: {} }, /^prices: is empty$/m],
  ["stack", { ...SETTINGS, stack: undefined }, /^stack: /m],
  ["limit", { ...SETTINGS, limitUsdPerHour: "10" }, /^limitUsdPerHour: /m],
])("wrong settings are named: %s", (_, settings, message) => {
  expect(() => readSettings(environment(settings))).toThrow(message);
});

test("missing settings are named", () => {
  expect(() => readSettings({})).toThrow("PILOTLIGHT_GUARD is not set");
  expect(() => readSettings({ [SETTINGS_VARIABLE]: "" })).toThrow("PILOTLIGHT_GUARD is no JSON");
});
