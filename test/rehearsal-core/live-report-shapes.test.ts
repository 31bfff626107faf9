import fc from "fast-check";
import { expect, test } from "vitest";
import { markLabels, phaseRows, steps } from "../../rehearsal/live/report/plot";
import { linear, niceStep, ticksOver, ticksWithin } from "../../rehearsal/live/report/scale";
import { costOf, decimate, endOf, modelSeries } from "../../rehearsal/live/report/series";
import { percentile } from "../../rehearsal/live/report/tables";
import { bytes, digits3, dollars, duration, moment, plain, shortened } from "../../rehearsal/live/report/words";

test("ticks are round, begin at 0 and reach the greatest value", () => {
  expect(ticksOver(37, 4, true)).toEqual([0, 10, 20, 30, 40]);
  expect(ticksOver(1, 4, true)).toEqual([0, 1]);
  expect(ticksOver(0.35, 4)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
  expect(ticksWithin(640, 12)).toEqual([0, 100, 200, 300, 400, 500, 600]);
  for (const nothing of [0, -3, Number.NaN]) expect(ticksOver(nothing, 4, true)).toEqual([0, 1]);
  expect([0.3, 0.5, 1, 3, 6, 11].map(niceStep)).toEqual([0.5, 0.5, 1, 5, 10, 20]);
});

test("ticks are few and cover any value", () => {
  const positive = fc.double({ min: 1e-6, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(positive, fc.integer({ min: 2, max: 12 }), (max, most) => {
      const ticks = ticksOver(max, most);
      expect(ticks.length).toBeLessThanOrEqual(most + 1);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(max * (1 - 1e-6));
      expect(ticksWithin(max, most).at(-1)).toBeLessThanOrEqual(max * (1 + 1e-6));
    }),
  );
});

test("what lies outside a scale is drawn at its nearer end", () => {
  const x = linear(10, 100, 200);
  expect([0, 5, 10, -1, 11, Number.NaN].map(x)).toEqual([100, 150, 200, 100, 200, 100]);
});

test("steps keep a value until the next one", () => {
  const points = [
    { at: 1, value: 2 },
    { at: 3, value: 4 },
  ];
  const same = (value: number) => value;
  expect(steps(points, same, same)).toBe("M1 2H3V4");
  expect(steps([], same, same)).toBe("");
});

test("points that change nothing go, whatever their number", () => {
  const points = [0, 0, 0, 1, 1, 0, 0].map((value, at) => ({ at, value }));
  expect(decimate(points).map(({ at }) => at)).toEqual([0, 3, 5, 6]);
  expect(decimate([{ at: 0, value: Number.NaN }])).toEqual([]);
});

test("decimation keeps first, last, least and greatest, in order and within its bound", () => {
  const values = fc.array(fc.integer({ min: -9, max: 99 }), { minLength: 1, maxLength: 300, size: "max" });
  fc.assert(
    fc.property(values, fc.integer({ min: 4, max: 60 }), (values, most) => {
      const points = values.map((value, at) => ({ at, value }));
      const kept = decimate(points, most);
      expect(kept.length).toBeLessThanOrEqual(most);
      expect(kept.every(({ at, value }) => Object.is(points[at]?.value, value))).toBe(true);
      expect(kept.every(({ at }, i) => i === 0 || at > (kept[i - 1]?.at ?? at))).toBe(true);
      expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
      const heights = kept.map(({ value }) => value);
      expect(Math.min(...heights)).toBe(Math.min(...values));
      expect(Math.max(...heights)).toBe(Math.max(...values));
    }),
  );
});

test("money is what each sample cost until the next; always on is the dearest of them all the time", () => {
  const sample = (at: number, usdPerHour: number) => ({ at, usdPerHour, models: {}, nodes: [] });
  expect(costOf([sample(0, 0), sample(1800, 2), sample(3600, 0), sample(7200, 0)])).toEqual({ usd: 1, alwaysOnUsd: 4 });
  expect(costOf([sample(10, 3)])).toEqual({ usd: 0, alwaysOnUsd: 0 });
  expect(costOf([])).toEqual({ usd: 0, alwaysOnUsd: 0 });
});

test("a model that a sample does not know has nothing there, whatever its name", () => {
  const sample = (at: number, models: object) => ({ at, models: { ...models }, nodes: [], usdPerHour: 0 });
  const samples = [sample(0, { constructor: { held: 2, running: 0, wanted: 1, ready: 0 } }), sample(1, {})];
  expect(modelSeries(samples, "constructor", "held").map(({ value }) => value)).toEqual([2, 0]);
});

test("the run ends with the last thing in its record", () => {
  const phases = [{ name: "wake", from: 0, to: 7, findings: [] }];
  const record = {
    stack: "",
    speed: 1,
    engine: "vllm",
    samples: [],
    coldStarts: [],
    outcomes: [],
    memory: [],
    figures: [],
  } as const;
  expect(endOf({ ...record, phases, events: [{ at: 9, subject: "", text: "" }], differences: [] })).toBe(9);
});

test("names of phases never lie on each other", () => {
  const phase = fc.record({
    name: fc.string({ maxLength: 30 }),
    from: fc.double({ min: 0, max: 1000, noNaN: true }),
    to: fc.constant(0),
    findings: fc.constant([]),
  });
  fc.assert(
    fc.property(fc.array(phase), (phases) => {
      const sorted = phases.sort((a, b) => a.from - b.from);
      for (const row of phaseRows(sorted, (at) => at))
        expect(row.every(({ from }, i) => i === 0 || from >= (row[i - 1]?.to ?? 0))).toBe(true);
    }),
  );
});

test("numbers of events that would lie on each other become a range, and none is lost", () => {
  expect(markLabels([10, 100, 102, 105, 300]).map(({ text }) => text)).toEqual(["1", "2–4", "5"]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 })), (places) => {
      const labels = markLabels(places.sort((a, b) => a - b));
      const numbers = labels.flatMap(({ text }) => {
        const [first = 0, last = first] = text.split("–").map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      });
      expect(numbers).toEqual(places.map((_, i) => i + 1));
      expect(labels.every(({ from }, i) => i === 0 || from > (labels[i - 1]?.to ?? 0))).toBe(true);
    }),
  );
});

test("a percentile is one of the values, by the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.99)]).toEqual([50, 99, 7]);
  expect(percentile([], 0.5)).toBeUndefined();
});

test("numbers are written for people", () => {
  expect([0.0123, 0.5, 0.00001, 0, 1.861, 1234.5, Number.NaN].map(dollars)).toEqual([
    "$0.0123",
    "$0.50",
    "less than $0.0001",
    "$0",
    "$1.86",
    "$1,234.50",
    "unknown",
  ]);
  expect([0.55, 9.94, 31.4, 59.7, 340].map(duration)).toEqual(["0.6 s", "9.9 s", "31 s", "1 min", "5 min 40 s"]);
  expect([3.256, 31.44, 340.2, 99.96, 9.996].map(digits3)).toEqual(["3.26", "31.4", "340", "100", "10.0"]);
  expect([3.25, 340.4].map(moment)).toEqual(["3.3 s", "340 s"]);
  expect([412 * 2 ** 20, 1.5 * 2 ** 30, 0].map(bytes)).toEqual(["412 MiB", "1.5 GiB", "0 MiB"]);
  expect([1234.567, 1e15, Number.POSITIVE_INFINITY].map((value) => plain(value))).toEqual([
    "1,234.57",
    "1.0e+15",
    "unknown",
  ]);
  expect([shortened("qwen3-8b", 8), shortened("qwen3-8b", 5)]).toEqual(["qwen3-8b", "qwen…"]);
});
