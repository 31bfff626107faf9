import { z } from "zod";
import { parseDuration, parseGib, parseTokens } from "../planner/units";
import { canonicalRange } from "./config-ranges";
import { showDuration } from "./durations";

/*
 * The kinds of value that settings have: text with a pattern, and text that stands for a number.
 */

/** The same words for a value of the wrong type and for one that cannot be read; what is missing is told by zod. */
const isNot =
  (expected: string) =>
  ({ input }: { input?: unknown }) =>
    input === undefined ? undefined : `${JSON.stringify(input)} is not ${expected}`;

/** How the reference tells text that stands for a number, for which JSON Schema has no word: `duration, 5m to 30d`. */
export const shapes = z.registry<{ shape: string }>();

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** A number as the user writes it. */
  readonly show: (value: number) => string;
}

const shapeIn = (kind: string, { min, max, show }: Bounds) => ({ shape: `${kind}, ${show(min)} to ${show(max)}` });

/** Turns what was written into a number within bounds; the JSON Schema for editors shows what was written. */
const inBounds =
  (parse: (value: string) => number | undefined, expected: string, { min, max, show }: Bounds) =>
  (value: string | number, context: z.RefinementCtx) => {
    const number = parse(String(value));
    if (number !== undefined && number >= min && number <= max) return number;
    const shown = JSON.stringify(value);
    const message =
      number === undefined
        ? `${shown} is not ${expected}`
        : number < min
          ? `${shown} is too small: at least ${show(min)}`
          : `${shown} is too big: at most ${show(max)}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };

const DURATION = 'a duration such as "90s", "10m" or "1h30m" (units: s, m, h, d)';
const SIZE = 'a size such as "200Gi"';
const TOKENS = 'a number of tokens such as 32768 or "32k"';

/** Longer is a typing mistake, and much longer (2^31 s) no field of Kubernetes can hold. */
const MAX_SECONDS = 30 * 86_400;
/** Above every model that is out there; the largest windows are ten million tokens. */
const MAX_TOKENS = 16_384 * 1024;
/** What EBS makes at most: 64 TiB. */
const MAX_GIB = 65_536;

/** Seconds, at least `min`: 1 where nothing at all would mean that nothing works. */
export const duration = (min: number) => {
  const bounds = { min, max: MAX_SECONDS, show: showDuration };
  const written = z.string({ error: isNot(DURATION) }).register(shapes, shapeIn("duration", bounds));
  return written.transform(inBounds(parseDuration, DURATION, bounds));
};

export const gib = () => {
  const bounds = { min: 1, max: MAX_GIB, show: (size: number) => `${size}Gi` };
  const written = z.string({ error: isNot(SIZE) }).register(shapes, shapeIn("size", bounds));
  return written.transform(inBounds(parseGib, SIZE, bounds));
};

/** At least two: one of prompt, one of answer. */
export const tokens = () => {
  const bounds = { min: 2, max: MAX_TOKENS, show: (count: number) => `${count}` };
  const written = z.union([z.string(), z.number()]).register(shapes, shapeIn("tokens", bounds));
  return written.transform(inBounds(parseTokens, TOKENS, bounds));
};

export const text = (pattern: RegExp, expected: string) =>
  z.string({ error: isNot(expected) }).regex(pattern, { error: isNot(expected) });

/** Text of which a function says whether it is right. */
export const checked = (right: (value: string) => boolean, expected: string) =>
  z.string({ error: isNot(expected) }).refine(right, { error: isNot(expected) });

/** An IPv4 range, without bits that its length leaves out: AWS would keep another text than the one in the stack file. */
export const cidr = () =>
  z
    .cidrv4({ error: isNot('an IPv4 range such as "203.0.113.0/24"'), abort: true })
    .refine((range) => canonicalRange(range) === range, {
      error: ({ input }) => `${input} has bits set beyond its length; write ${canonicalRange(String(input))}`,
    });

export const emailAddress = () => text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an e-mail address such as "ops@example.com"');

export const dnsLabel = () =>
  text(
    /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
    "a name of at most 40 lower-case letters, digits and dashes that starts with a letter",
  );

export const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((one) => [one]), z.array(item).min(1)]);
