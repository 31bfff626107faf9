/** A floor of replicas in given hours, as a user writes it. */
export interface OfficeHours {
  /** First and last day, for example `mon-fri`, or one day. */
  readonly days: string;
  /** Local time, `HH:MM`. */
  readonly from: string;
  readonly to: string;
  /** IANA time zone; daylight saving follows it. */
  readonly timezone: string;
  readonly replicas: number;
}

/** The same as KEDA's cron trigger takes it. Source: KEDA 2.20 cron scaler. */
export interface CronFloor {
  readonly timezone: string;
  readonly start: string;
  readonly end: string;
  readonly desiredReplicas: number;
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Cron's day-of-week field for `mon-fri` or `sat`, or undefined when a day is unknown or the range runs backwards. */
export function cronDays(days: string): string | undefined {
  const numbers = days
    .toLowerCase()
    .split("-")
    .map((day) => DAYS.indexOf(day));
  const [first, last] = numbers;
  if (numbers.length > 2 || numbers.includes(-1) || first === undefined) return undefined;
  if (last === undefined) return `${first}`;
  return first < last ? `${first}-${last}` : undefined;
}

/** Minutes after midnight of `HH:MM`, or undefined when it is no time of day. */
export function minutesOfDay(time: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined;
}

/** Whether KEDA finds the zone: it looks for the exact name, where JavaScript would take `europe/berlin` too. */
export function isTimeZone(name: string): boolean {
  if (name === "UTC") return true;
  if (!/^[A-Z][\w+-]*(\/[A-Z][\w+-]*)+$/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** The cron trigger of validated office hours. */
export function cronFloor(hours: OfficeHours): CronFloor {
  const at = (time: string) => {
    const minutes = minutesOfDay(time) ?? 0;
    return `${minutes % 60} ${Math.floor(minutes / 60)} * * ${cronDays(hours.days)}`;
  };
  return { timezone: hours.timezone, start: at(hours.from), end: at(hours.to), desiredReplicas: hours.replicas };
}
