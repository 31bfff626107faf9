import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDuration } from "../../planner/units";
import { showDuration } from "../../stacks/durations";

test.each([
  [0, "0s"],
  [1, "1s"],
  [90, "1m30s"],
  [3600, "1h"],
  [8880, "2h28m"],
  [43_200, "12h"],
  [90_061, "1d1h1m1s"],
  [2_592_000, "30d"],
])("%i seconds are %s", (seconds, text) => {
  expect(showDuration(seconds)).toBe(text);
});

test("what is shown can be written", () => {
  fc.assert(
    fc.property(fc.nat(2_592_000), (seconds) => {
      expect(parseDuration(showDuration(seconds))).toBe(seconds);
    }),
  );
});
