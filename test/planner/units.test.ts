import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration, parseGib, parseTokens } from "../../planner/units";

describe("units as people write them", () => {
  test.each([
    ["90s", 90],
    ["10m", 600],
    ["1h30m", 5400],
    ["2d", 172_800],
    ["0s", 0],
    ["10", undefined],
    ["m", undefined],
    ["10 m", undefined],
    ["-5m", undefined],
    ["1.5h", undefined],
    ["", undefined],
  ])("duration %j is %j seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each([
    ["200Gi", 200],
    ["1Ti", 1024],
    ["512Mi", 1],
    ["200GB", undefined],
    ["200", undefined],
  ])("size %j is %j GiB", (text, gib) => {
    expect(parseGib(text)).toBe(gib);
  });

  test.each([
    [32768, 32768],
    ["32768", 32768],
    ["32k", 32768],
    ["128K", 131072],
    ["32 k", undefined],
    ["1.5k", undefined],
    [-1, undefined],
  ])("%j is %j tokens", (text, tokens) => {
    expect(parseTokens(text)).toBe(tokens);
  });

  test("hours and minutes add up", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(59), (hours, minutes) => {
        expect(parseDuration(`${hours}h${minutes}m`)).toBe(hours * 3600 + minutes * 60);
      }),
    );
  });
});
