import { describe, expect, test } from "vitest";
import { parseCsv } from "../../rehearsal/bench/csv";
import { absPctError, groupBy, median, rounded } from "../../rehearsal/bench/errors";

describe("CSV", () => {
  test("cells may be quoted, with commas, quotes and line ends in them", () => {
    expect(parseCsv("f.csv", 'a,b\r\n"1,5","say ""x""\nand y"\r\n 2 ,\r\n\r\n', ["a"])).toEqual([
      { a: "1,5", b: 'say "x"\nand y' },
      { a: "2", b: "" },
    ]);
  });

  test("a record that is too short has empty cells, and a byte order mark is no part of a name", () => {
    expect(parseCsv("f.csv", "\uFEFFa,b\n1", ["a", "b"])).toEqual([{ a: "1", b: "" }]);
  });

  test("what is wrong is told", () => {
    expect(() => parseCsv("f.csv", "", ["a"])).toThrow("f.csv has no column a; its first line names none");
    expect(() => parseCsv("f.csv", 'a\n"1', ["a"])).toThrow("f.csv: a quoted cell is never closed");
  });
});

describe("errors", () => {
  test("the median is the middle, or between the middle two", () => {
    expect(median([])).toBeUndefined();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("errors are in percent of what was measured, in either direction", () => {
    expect(absPctError({ predicted: 75, measured: 100 })).toBe(25);
    expect(absPctError({ predicted: 125, measured: 100 })).toBe(25);
    expect([rounded(12.3456), rounded(undefined)]).toEqual([12.35, null]);
  });

  test("groups keep their order", () => {
    expect([...groupBy(["b1", "a1", "b2"], (item) => item.charAt(0))]).toEqual([
      ["b", ["b1", "b2"]],
      ["a", ["a1"]],
    ]);
  });
});
