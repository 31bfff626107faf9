import { version } from "@pulumi/random/package.json";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { randomDouble } from "../../rehearsal/doubles/random";
import { completePassword, password, passwordFaults } from "../../rehearsal/doubles/random/password";

const TYPE = "random:index/randomPassword:RandomPassword";
const target = { type: TYPE, name: "key", id: "" };

/** How many characters of each class a text has. */
const counted = (text: string, special: string) => ({
  numeric: [...text].filter((one) => /[0-9]/.test(one)).length,
  lower: [...text].filter((one) => /[a-z]/.test(one)).length,
  upper: [...text].filter((one) => /[A-Z]/.test(one)).length,
  special: [...text].filter((one) => special.includes(one)).length,
});

test("the double reports the version of the SDK it stands in for", () => {
  expect(randomDouble.version).toBe(version);
  expect(version).toBe("4.21.0");
});

describe("a password", () => {
  test("has its length, the least of each class, and nothing that is not allowed", () => {
    const least = fc.integer({ min: 0, max: 4 });
    const asked = fc.record({
      length: fc.integer({ min: 16, max: 64 }),
      minNumeric: least,
      minLower: least,
      minUpper: least,
      minSpecial: least,
      overrideSpecial: fc.constantFrom("-_", "!", "+/="),
    });
    fc.assert(
      fc.property(asked, (given) => {
        const made = password(completePassword(given));
        const found = counted(made, given.overrideSpecial);
        expect(made).toHaveLength(given.length);
        expect(found.numeric + found.lower + found.upper + found.special).toBe(given.length);
        expect(found.numeric).toBeGreaterThanOrEqual(given.minNumeric);
        expect(found.lower).toBeGreaterThanOrEqual(given.minLower);
        expect(found.upper).toBeGreaterThanOrEqual(given.minUpper);
        expect(found.special).toBeGreaterThanOrEqual(given.minSpecial);
      }),
    );
  });

  test("without special characters is letters and digits, and never the same twice", () => {
    const inputs = completePassword({ length: 40, special: false });
    const made = Array.from({ length: 50 }, () => password(inputs));
    expect(made.filter((one) => !/^[A-Za-z0-9]{40}$/.test(one))).toEqual([]);
    expect(new Set(made).size).toBe(50);
  });

  test("uses every character it may", () => {
    const made = password(completePassword({ length: 5000, special: false }));
    expect(new Set(made).size).toBe(62);
  });
});

test("inputs are completed; the old name of numeric counts", () => {
  expect(completePassword({ length: 8, number: false })).toEqual({
    length: 8,
    special: true,
    upper: true,
    lower: true,
    minSpecial: 0,
    minUpper: 0,
    minLower: 0,
    minNumeric: 0,
    numeric: false,
    number: false,
  });
});

test.each<[Props, { property: string; reason: string }[]]>([
  [{ length: 8 }, []],
  [{ length: 0 }, [{ property: "length", reason: "length is 0: it must be a whole number of at least 1" }]],
  [
    { length: 3, minUpper: 2, minLower: 2 },
    [
      {
        property: "length",
        reason: "length is 3, but minNumeric, minLower, minUpper and minSpecial add up to 4: raise length",
      },
    ],
  ],
  [
    { length: 8, numeric: false, lower: false, upper: false, special: false },
    [
      {
        property: "special",
        reason: "no characters are left to choose from: allow one of numeric, lower, upper and special",
      },
    ],
  ],
])("faults of %j", (given, faults) => {
  expect(passwordFaults(completePassword(given))).toEqual(faults);
});

test.each<[Props, string[]]>([
  [{ length: 40, special: false }, []],
  [{ length: 41, special: false }, ["length"]],
  [{ length: 40, special: true }, ["special"]],
  [{ length: 40, special: false, keepers: { turn: "2" } }, ["keepers"]],
])("a change to %j replaces by %j", (now, changed) => {
  const old = { length: 40, special: false };
  expect(randomDouble.diff({}, { ...target, old, now, state: {} })).toEqual({
    changed,
    replaces: changed,
    deleteFirst: false,
  });
});

test("a preview does not know the password", async () => {
  const { outs } = await randomDouble.create({}, { ...target, inputs: { length: 4 }, preview: true });
  expect(outs.result).toBe("04da6b54-80e4-46f7-96ec-b56ff0331ba9");
});

test("what the double does not know it says", () => {
  const request = { type: "random:index/randomPet:RandomPet", name: "pet", id: "", old: {}, given: {}, seed: "" };
  expect(() => randomDouble.check({}, request)).toThrow(
    'the random double does not know the resource type "random:index/randomPet:RandomPet": it makes passwords only',
  );
});
