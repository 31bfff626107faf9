import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AwakeMode,
  compareModes,
  type RequestTrace,
  usdPerAvoidedColdStart,
} from "../../planner/break-even-sleep";

/** The request of docs/idle-costs.md: seven minutes to wake, five awake, two empty. */
const ONE: RequestTrace = {
  requestsPerDay: 1,
  activeHours: 24,
  coldStartSeconds: 420,
  idleAfterSeconds: 300,
  emptyForSeconds: 120,
  requestSeconds: 0,
};
const OFFICE: RequestTrace = { ...ONE, requestsPerDay: 40, activeHours: 11 };

const seconds = (max: number) => fc.double({ min: 0, max, noNaN: true });
const traces: fc.Arbitrary<RequestTrace> = fc.record({
  requestsPerDay: seconds(100_000),
  activeHours: fc.double({ min: 0.5, max: 24, noNaN: true }),
  coldStartSeconds: seconds(1800),
  idleAfterSeconds: seconds(7200),
  emptyForSeconds: seconds(1800),
  requestSeconds: seconds(300),
});

function day(trace: RequestTrace, usdPerHour: number, mode: AwakeMode, scheduledHours?: number) {
  const found = compareModes(trace, usdPerHour, scheduledHours).find((each) => each.mode === mode);
  if (!found) throw new Error(mode);
  return found;
}

/** Days of random requests, one event after the other: what the formula says on average. */
function simulate(trace: RequestTrace, days: number) {
  let state = 7;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const gap = (trace.activeHours * 3600) / trace.requestsPerDay;
  const end = days * trace.activeHours * 3600;
  let [now, awakeUntil, readyAt, paidUntil, paid, coldStarts] = [0, -1, 0, 0, 0, 0];
  while (now < end) {
    now -= Math.log(1 - random()) * gap;
    if (now > awakeUntil) {
      coldStarts += 1;
      paid += Math.min(now, awakeUntil + trace.emptyForSeconds) - paidUntil;
      paidUntil = now;
      readyAt = now + trace.coldStartSeconds;
    }
    awakeUntil = Math.max(now, readyAt) + trace.idleAfterSeconds + trace.requestSeconds;
    paid += awakeUntil - paidUntil;
    paidUntil = awakeUntil;
  }
  return { nodeHours: paid / 3600 / days, coldStarts: coldStarts / days };
}

describe("sleeping, a schedule, or always on", () => {
  test("one request a day costs the quarter of an hour that docs/idle-costs.md has", () => {
    const { nodeHours, usd, coldStarts } = day(ONE, 1.861, "scale-to-zero");
    expect(nodeHours * 60).toBeCloseTo(14, 0);
    expect(usd).toBeCloseTo(0.43, 2);
    expect(coldStarts).toBeCloseTo(1, 1);
  });

  test("forty requests in office hours, cheapest first", () => {
    const days = compareModes(OFFICE, 1.861);
    expect(days.map(({ mode, nodeHours }) => [mode, Number(nodeHours.toFixed(2))])).toEqual([
      ["scale-to-zero", 5.58],
      ["schedule", 11.23],
      ["always-on", 24],
    ]);
    expect(day(OFFICE, 1.861, "always-on").usd).toBeCloseTo(44.66, 2);
    expect(day(OFFICE, 1.861, "scale-to-zero").coldStarts).toBeCloseTo(22.49, 2);
    expect(day(OFFICE, 1.861, "schedule").coldStarts).toBe(0);
  });

  test("the averages are those of simulated days", () => {
    for (const trace of [
      { ...OFFICE, activeHours: 24, requestsPerDay: 5 },
      { ...OFFICE, activeHours: 24, requestsPerDay: 100 },
      { ...OFFICE, activeHours: 24, requestsPerDay: 400, requestSeconds: 20 },
    ]) {
      const expected = simulate(trace, 20_000);
      const { nodeHours, coldStarts } = day(trace, 1, "scale-to-zero");
      expect(nodeHours / expected.nodeHours).toBeCloseTo(1, 1);
      expect(coldStarts / expected.coldStarts).toBeCloseTo(1, 1);
    }
  });

  test("outside of a schedule's hours requests wake the replica as without one", () => {
    const half = day(OFFICE, 1, "schedule", 5.5);
    expect(half.coldStarts).toBeCloseTo(day(OFFICE, 1, "scale-to-zero").coldStarts / 2, 9);
    expect(day(OFFICE, 1, "schedule", 24).nodeHours).toBe(24);
    expect(day(OFFICE, 1, "schedule", 0).nodeHours).toBeGreaterThan(day(OFFICE, 1, "scale-to-zero").nodeHours);
  });

  test("what an avoided cold start costs, and that there the ways cost the same", () => {
    const asleep = day(OFFICE, 1.861, "scale-to-zero");
    const awake = day(OFFICE, 1.861, "schedule");
    const price = usdPerAvoidedColdStart(asleep, awake);
    expect(price).toBeCloseTo((awake.usd - asleep.usd) / asleep.coldStarts, 12);
    expect(asleep.usd + asleep.coldStarts * (price ?? 0)).toBeCloseTo(awake.usd, 9);
    expect(usdPerAvoidedColdStart(awake, day(OFFICE, 1.861, "always-on"))).toBeUndefined();
  });

  test.each([
    [{ activeHours: 25 }, "activeHours is 25; it must be above 0 and at most 24"],
    [{ requestsPerDay: -1 }, "requestsPerDay is -1; it must be 0 or more"],
    [{ idleAfterSeconds: Number.NaN }, "idleAfterSeconds is NaN; it must be 0 or more"],
  ])("%j is refused", (part, message) => {
    expect(() => compareModes({ ...ONE, ...part }, 1)).toThrow(message);
  });
});

describe("whatever the requests", () => {
  test("sleeping is never dearer than a schedule over the same hours, nor that than always on", () => {
    fc.assert(
      fc.property(traces, seconds(24), (trace, hours) => {
        const usd = (mode: AwakeMode) => day(trace, 2, mode, hours).usd;
        expect(usd("scale-to-zero")).toBeLessThanOrEqual(usd("schedule") + 1e-9);
        expect(usd("schedule")).toBeLessThanOrEqual(usd("always-on") + 1e-9);
        expect(day(trace, 2, "scale-to-zero").coldStarts).toBeLessThanOrEqual(trace.requestsPerDay);
        expect(day(trace, 2, "scale-to-zero").heldRequests).toBeLessThanOrEqual(trace.requestsPerDay * (1 + 1e-12));
      }),
      { seed: 51 },
    );
  });

  test("more requests, a longer stay, a slower start or a dearer hour never cost less", () => {
    fc.assert(
      fc.property(traces, seconds(1000), (trace, more) => {
        const usd = (part: Partial<RequestTrace>, usdPerHour = 2) =>
          day({ ...trace, ...part }, usdPerHour, "scale-to-zero").usd;
        const before = usd({}) - 1e-9;
        expect(usd({ requestsPerDay: trace.requestsPerDay + more })).toBeGreaterThanOrEqual(before);
        expect(usd({ idleAfterSeconds: trace.idleAfterSeconds + more })).toBeGreaterThanOrEqual(before);
        expect(usd({ emptyForSeconds: trace.emptyForSeconds + more })).toBeGreaterThanOrEqual(before);
        expect(usd({ coldStartSeconds: trace.coldStartSeconds + more })).toBeGreaterThanOrEqual(before);
        expect(usd({}, 2 + more)).toBeGreaterThanOrEqual(before);
      }),
      { seed: 52 },
    );
  });

  test("no requests, no hours", () => {
    expect(day({ ...OFFICE, requestsPerDay: 0 }, 2, "scale-to-zero")).toMatchObject({
      nodeHours: 0,
      coldStarts: 0,
      usd: 0,
    });
  });
});
