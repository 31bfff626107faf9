import { execFile } from "node:child_process";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { cronFloor, minutesOfDay, type OfficeHours } from "../../planner/schedule";
import { tools } from "./aws-stage";

/*
 * The floor of a schedule, as KEDA's own cron scaler gives it: when the trigger that the planner writes is active, held against
 * what the local clock says. Zones of both sides are those of their programs, Go and Node, and have to agree.
 */

let cronCheck: string;
beforeAll(async () => {
  ({ cronCheck } = await tools("cronCheck"));
});

/** Whether the trigger is active at each of these times, which may be in any order. */
async function active(hours: OfficeHours, times: readonly Date[]): Promise<boolean[]> {
  const sorted = [...new Set(times.map((time) => time.getTime() / 1000))].sort((a, b) => a - b);
  const { desiredReplicas, ...cron } = cronFloor(hours);
  const metadata = { ...cron, desiredReplicas: `${desiredReplicas}` };
  const [answers] = JSON.parse(await answer(JSON.stringify([{ metadata, times: sorted }]))) as boolean[][];
  const byTime = new Map(sorted.map((time, index) => [time, answers?.[index]]));
  return times.map((time) => byTime.get(time.getTime() / 1000) ?? false);
}

function answer(triggers: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, stdout: string, stderr: string) =>
      error === null ? resolve(stdout) : reject(new Error(stderr));
    execFile(cronCheck, [], { timeout: 60_000 }, done).stdin?.end(triggers);
  });
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTE = 60_000;

/** Day and minutes after midnight on the clocks of a zone. */
function local(time: Date, timeZone: string): { day: number; minutes: number } {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts.weekday?.toLowerCase() ?? ""),
    minutes: Number(parts.hour) * 60 + Number(parts.minute),
  };
}

/** What a user reads in the stack file. */
function inHours({ days, from, to, timezone }: OfficeHours, time: Date): boolean {
  const [first = "", last = first] = days.split("-");
  const { day, minutes } = local(time, timezone);
  const fromMinutes = minutesOfDay(from) ?? 0;
  const toMinutes = minutesOfDay(to) ?? 0;
  return day >= DAYS.indexOf(first) && day <= DAYS.indexOf(last) && minutes >= fromMinutes && minutes < toMinutes;
}

/** Every so many minutes of the days around a date, by UTC. */
function around(date: string, { days = 2, every = 30 } = {}): Date[] {
  const middle = new Date(`${date}T12:00:00Z`).getTime();
  const steps = (2 * days * 24 * 60) / every;
  return Array.from({ length: steps + 1 }, (_, step) => new Date(middle + (step * every - days * 24 * 60) * MINUTE));
}

const hours = (timezone: string, change: Partial<OfficeHours> = {}): OfficeHours => ({
  days: "sun-sat",
  from: "08:00",
  to: "18:00",
  timezone,
  replicas: 2,
  ...change,
});

/** Offset from UTC in minutes, where local time is of the same or the next day. */
const offset = (time: Date, zone: string) => {
  const there = local(time, zone);
  const here = local(time, "UTC");
  return ((there.day - here.day + 10) % 7) * 1440 - 3 * 1440 + there.minutes - here.minutes;
};

describe("a floor from 8 to 18, before, on and after the day on which clocks change", () => {
  test.each([
    ["Europe/Berlin", "2026-10-25", -60],
    ["Europe/Berlin", "2027-03-28", 60],
    ["America/New_York", "2026-11-01", -60],
    ["America/New_York", "2027-03-14", 60],
    ["Australia/Sydney", "2026-10-04", 60],
    ["Australia/Sydney", "2027-04-04", -60],
    ["Australia/Lord_Howe", "2027-04-04", -30],
    ["Asia/Tokyo", "2026-10-25", 0],
    ["UTC", "2027-03-28", 0],
  ])("%s, %s: the clock moves by %i minutes, and the floor stays where it is", async (zone, date, change) => {
    const times = around(date);
    const [first, last] = [times[0], times.at(-1)];
    if (first === undefined || last === undefined) throw new Error("no times");
    expect(offset(last, zone) - offset(first, zone)).toBe(change);
    const expected = times.map((time) => inHours(hours(zone), time));
    // Each of these days has ten hours of it.
    expect(expected.filter((held) => held).length).toBeGreaterThan(60);
    expect(await active(hours(zone), times)).toEqual(expected);
  });

  test("to the minute: it begins at 8:00 and ends at 18:00, on either side of the change", async () => {
    const zone = "Europe/Berlin";
    const at = (...texts: string[]) => texts.map((text) => new Date(text));
    // Summer time is UTC+2, winter time UTC+1.
    const summer = at("2026-10-24T05:59Z", "2026-10-24T06:00Z", "2026-10-24T15:59Z", "2026-10-24T16:00Z");
    const winter = at("2026-10-25T06:59Z", "2026-10-25T07:00Z", "2026-10-25T16:59Z", "2026-10-25T17:00Z");
    expect(await active(hours(zone), summer)).toEqual([false, true, true, false]);
    expect(await active(hours(zone), winter)).toEqual([false, true, true, false]);
  });

  test("on weekdays alone: none on the Sunday of the change, and on Monday at the new time", async () => {
    const weekdays = hours("Europe/Berlin", { days: "mon-fri" });
    const times = around("2026-10-25", { every: 15 });
    const held = await active(weekdays, times);
    expect(held).toEqual(times.map((time) => inHours(weekdays, time)));
    const sunday = times.map((time, index) => [local(time, "Europe/Berlin").day, held[index]] as const);
    expect(sunday.filter(([day]) => day === 0).every(([, now]) => now === false)).toBe(true);
  });
});

const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "America/Los_Angeles",
  "Australia/Sydney",
  "Asia/Kolkata",
  "Asia/Tokyo",
  "America/Sao_Paulo",
  "UTC",
];
const two = (number: number) => `${number}`.padStart(2, "0");
/** Clocks change between midnight and 4, where some hours are twice and some never. */
const CHANGES_END = 4 * 60;

test("any hours outside of the night, in any zone, at any time of three years, are those of the local clock", async () => {
  const minutes = fc.integer({ min: CHANGES_END, max: 24 * 60 - 1 });
  const schedule = fc
    .record({
      zone: fc.constantFrom(...ZONES),
      day: fc.tuple(fc.nat(6), fc.nat(6)),
      hours: fc.tuple(minutes, minutes).filter(([a, b]) => a !== b),
    })
    .map(({ zone, day, hours: [a, b] }) => {
      const [first, last] = [Math.min(...day), Math.max(...day)];
      const time = (at: number) => `${two(Math.floor(at / 60))}:${two(at % 60)}`;
      const days = first === last ? `${DAYS[first]}` : `${DAYS[first]}-${DAYS[last]}`;
      return hours(zone, { days, from: time(Math.min(a, b)), to: time(Math.max(a, b)) });
    });
  const instant = fc
    .date({ min: new Date("2026-01-01T00:00Z"), max: new Date("2028-12-31T00:00Z"), noInvalidDate: true })
    .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
  await fc.assert(
    fc.asyncProperty(schedule, fc.array(instant, { minLength: 1, maxLength: 50 }), async (office, times) => {
      expect(await active(office, times)).toEqual(times.map((time) => inHours(office, time)));
    }),
    { numRuns: 150 },
  );
});

describe("hours that begin or end at a time that the clocks leave out", () => {
  const zone = "Europe/Berlin";
  const night = ["2027-03-27T22:00Z", "2027-03-28T00:59Z", "2027-03-28T01:00Z", "2027-03-28T12:00Z"].map(
    (text) => new Date(text),
  );

  test("a floor from 2:30 is held from the evening before: rather too many replicas than too few", async () => {
    expect(await active(hours(zone, { from: "02:30" }), night)).toEqual([true, true, true, true]);
  });

  test("a floor until 2:30 is left out on that day", async () => {
    expect(await active(hours(zone, { from: "00:30", to: "02:30" }), night)).toEqual([false, false, false, false]);
    const weekBefore = [new Date("2027-03-21T00:00Z")];
    expect(await active(hours(zone, { from: "00:30", to: "02:30" }), weekBefore)).toEqual([true]);
  });
});

test("clocks that move by half an hour: in the week before they go forward, a floor does not end", async () => {
  // KEDA's cron walks in whole hours over the gap from 2:00 to 2:30, and misses the next Sunday's 4:00.
  const office = hours("Australia/Lord_Howe", { days: "sun", from: "04:00", to: "12:30" });
  const at = ["2028-09-17T02:00Z", "2028-09-24T01:59Z", "2028-09-24T02:00Z", "2028-10-01T01:29Z", "2028-10-01T01:30Z"];
  const times = at.map((text) => new Date(text));
  expect(times.map((time) => inHours(office, time))).toEqual([false, true, false, true, false]);
  expect(await active(office, times)).toEqual([false, true, true, true, false]);
});

test("a zone that KEDA does not find is an error, not a floor that never comes", async () => {
  await expect(active(hours("Europe/Atlantis"), around("2027-03-28"))).rejects.toThrow(
    "unable to load timezone: unknown time zone Europe/Atlantis",
  );
});
