import { took } from "../../tools/clock";

/*
 * Numbers as people read them. What is no number at all is told as unknown, never as NaN.
 */

const UNKNOWN = "unknown";

/** `1,234.5`, and powers of ten where nobody would count the digits. */
export function plain(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  if (Math.abs(value) >= 1e12) return value.toExponential(1);
  return value.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

/** A duration to about three digits, without its unit: `3.25`, `31.4`, `340`. */
export function digits3(value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  if (Math.abs(value) >= 99.95) return plain(value, 0);
  return value.toFixed(Math.abs(value) < 9.995 ? 2 : 1);
}

/** A duration: `3.2 s`, `31 s`, `5 min 40 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return UNKNOWN;
  if (Math.abs(seconds) < 9.95) return `${plain(seconds, 1)} s`;
  return Math.abs(seconds) < 1e9 ? took(seconds * 1000) : `${plain(seconds)} s`;
}

/** A moment on the axis of the plots, which counts seconds. */
export const moment = (seconds: number): string => `${plain(seconds, Math.abs(seconds) < 10 ? 1 : 0)} s`;

/** `$0.0123`, `$1.86`. */
export function dollars(value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  if (value > 0 && value < 0.00005) return "less than $0.0001";
  if (value === 0) return "$0";
  if (Math.abs(value) < 1) return `$${value.toFixed(4).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
  return `$${Math.abs(value) >= 1e12 ? plain(value) : value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** `412 MiB`, `1.5 GiB`. */
export const bytes = (value: number): string =>
  Math.abs(value) >= 2 ** 30
    ? `${plain(value / 2 ** 30, 1)} GiB`
    : `${plain(value / 2 ** 20, value < 2 ** 20 ? 2 : 0)} MiB`;

/** `1 request`, `3 requests`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${plain(count)} ${count === 1 ? one : many}`;

/** At most so many characters, the last of them a mark that some are missing. */
export function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
