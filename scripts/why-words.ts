/*
 * How `npm run why` speaks of times and numbers. Pure.
 */

/** A span of time as a person would say it. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.round(whole / 60)} min`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.round((whole % 3600) / 60);
  return hours < 48 ? `${hours} h${minutes > 0 ? ` ${minutes} min` : ""}` : `${Math.round(hours / 24)} days`;
}

export const ago = (thenMs: number, nowMs: number): string =>
  nowMs - thenMs < 1500 ? "just now" : `${span((nowMs - thenMs) / 1000)} ago`;

/** `a, b and c`. */
export function list(words: readonly string[], last = "and"): string {
  const head = words.slice(0, -1);
  const tail = words.at(-1) ?? "";
  return head.length === 0 ? tail : `${head.join(", ")} ${last} ${tail}`;
}

export const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? "" : "s"}`;

/** Somebody else's message on one line, without its end where it is long. */
export function quoted(message: string | undefined, most = 240): string {
  const line = (message ?? "").replace(/\s+/g, " ").trim();
  return line.length <= most ? line : `${line.slice(0, most)}…`;
}

/** A sentence with exactly one mark at its end. */
export const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
