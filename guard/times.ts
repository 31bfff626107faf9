/*
 * Times as ISO 8601 in UTC, and how far they are. Pure.
 */

/** Minutes from one check to the next: what EventBridge is told, and what mails say. */
export const CHECK_MINUTES = 5;
export const HOUR = 3600;
const DAY = 24 * HOUR;

export const after = (now: Date, seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();

/** Negative where the time is over; NaN where there is none, which is neither near nor far. */
export const secondsUntil = (time: string | undefined, now: Date): number =>
  (Date.parse(time ?? "") - now.getTime()) / 1000;

/** A day after a time. */
export const dayAfter = (time: string): string => after(new Date(time), DAY);

/** Whether a time is there and less than a day ago. */
export const withinDay = (time: string | undefined, now: Date): boolean => secondsUntil(time, now) > -DAY;

export const lastDay = (times: readonly string[] = [], now: Date): string[] =>
  times.filter((time) => withinDay(time, now));
