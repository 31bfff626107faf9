import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cronDays, cronFloor, isTimeZone, minutesOfDay } from "../../planner/schedule";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const two = (number: number) => String(number).padStart(2, "0");
const time = (minutes: number) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

describe("days", () => {
  test.each([
    ["mon-fri", "1-5"],
    ["MON-FRI", "1-5"],
    ["sun-sat", "0-6"],
    ["sat", "6"],
    ["sun", "0"],
  ])("%s is %s", (days, cron) => expect(cronDays(days)).toBe(cron));

  test.each(["", "-", "mon-", "monday", "mon-fri-sun", "1-5", "mon,tue", " mon"])("%j is none", (days) =>
    expect(cronDays(days)).toBeUndefined(),
  );

  test("a range is one that cron takes when it runs forwards, and none otherwise", () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), (first, last) => {
        expect(cronDays(`${DAYS[first]}-${DAYS[last]}`)).toBe(first < last ? `${first}-${last}` : undefined);
      }),
    );
  });
});

describe("time of day", () => {
  test("every minute of a day is read back", () => {
    for (let minutes = 0; minutes < 24 * 60; minutes++) expect(minutesOfDay(time(minutes))).toBe(minutes);
  });

  test.each(["24:00", "8:00", "08:60", "0800", "08:00:00", "", "-1:00", "08:0a"])("%j is none", (text) =>
    expect(minutesOfDay(text)).toBeUndefined(),
  );
});

describe("time zone", () => {
  test("every zone of this machine is one", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    expect(zones.length).toBeGreaterThan(400);
    expect(zones.filter((zone) => !isTimeZone(zone))).toEqual([]);
  });

  test.each(["UTC", "Etc/UTC", "Asia/Kolkata", "US/Eastern", "Etc/GMT+5"])(
    "%s is one, though it has another name too",
    (zone) => expect(isTimeZone(zone)).toBe(true),
  );

  test.each(["europe/berlin", "EUROPE/BERLIN", "Europe/berlin"])("%s is none: KEDA looks for the exact name", (zone) =>
    expect(isTimeZone(zone)).toBe(false),
  );

  test.each(["", "CET", "utc", "+02:00", "Europe/Atlantis", "Europe/", "../etc/passwd"])("%j is none", (zone) =>
    expect(isTimeZone(zone)).toBe(false),
  );
});

describe("the cron trigger", () => {
  test("of office hours", () => {
    const hours = { days: "mon-fri", from: "08:05", to: "18:30", timezone: "Europe/Berlin", replicas: 2 };
    expect(cronFloor(hours)).toEqual({
      timezone: "Europe/Berlin",
      start: "5 8 * * 1-5",
      end: "30 18 * * 1-5",
      desiredReplicas: 2,
    });
  });

  test("keeps every time, day and count, in five fields", () => {
    const minute = fc.nat(24 * 60 - 1);
    fc.assert(
      fc.property(minute, minute, fc.nat(6), fc.integer({ min: 1, max: 100 }), (from, to, day, replicas) => {
        const hours = { days: DAYS[day] ?? "", from: time(from), to: time(to), timezone: "UTC", replicas };
        const field = (minutes: number) => `${minutes % 60} ${Math.floor(minutes / 60)} * * ${day}`;
        expect(cronFloor(hours)).toEqual({
          timezone: "UTC",
          start: field(from),
          end: field(to),
          desiredReplicas: replicas,
        });
      }),
    );
  });
});
