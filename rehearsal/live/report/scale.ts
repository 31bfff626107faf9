/** Values outside cannot be drawn; no rehearsal comes near them. */
const MOST = 1e15;
const LEAST = 1e-9;

const within = (value: number): number => (value > LEAST ? Math.min(value, MOST) : 1);

/** The smallest of 1, 2, 5, 10, 20, 50 … (and their tenths) that is not below `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Round numbers from 0, the last of them at or after `max`. @param most at most so many steps. */
export function ticksOver(max: number, most: number, whole = false): number[] {
  const top = within(max);
  const step = Math.max(niceStep(top / most), whole ? 1 : 0);
  const steps = Math.max(1, Math.ceil(top / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Round numbers from 0, none after `max`. */
export const ticksWithin = (max: number, most: number): number[] =>
  ticksOver(max, most).filter((tick) => tick <= within(max) * (1 + 1e-9));

/** A number between 0 and `max` as a place between two others; what lies outside goes to the nearer end. */
export function linear(max: number, from: number, to: number): (value: number) => number {
  const top = within(max);
  return (value) => from + (to - from) * Math.min(1, Math.max(0, value / top || 0));
}
