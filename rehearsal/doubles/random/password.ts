import { randomInt } from "node:crypto";
import type { Props } from "../aws/table";

/** What the provider's own documentation lists for `special`. */
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";
const NUMERIC = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";

/** Characters of one class, whether they may be used, and how many there must be. */
interface CharacterClass {
  readonly characters: string;
  readonly used: boolean;
  readonly least: number;
}

/** Inputs with the values the provider fills in. `number` is the old name of `numeric`; the provider keeps both alike. */
export function completePassword(given: Props): Props {
  const numeric = given.numeric ?? given.number ?? true;
  return {
    special: true,
    upper: true,
    lower: true,
    minSpecial: 0,
    minUpper: 0,
    minLower: 0,
    minNumeric: 0,
    ...given,
    numeric,
    number: numeric,
  };
}

function classes(inputs: Props): CharacterClass[] {
  const one = (characters: string, used: unknown, least: unknown) => ({
    characters,
    used: used === true,
    least: Number(least ?? 0),
  });
  const special = inputs.overrideSpecial === undefined ? SPECIAL : String(inputs.overrideSpecial);
  return [
    one(NUMERIC, inputs.numeric, inputs.minNumeric),
    one(LOWER, inputs.lower, inputs.minLower),
    one(LOWER.toUpperCase(), inputs.upper, inputs.minUpper),
    one(special, inputs.special, inputs.minSpecial),
  ];
}

/** What is wrong with completed inputs, by property. */
export function passwordFaults(inputs: Props): { property: string; reason: string }[] {
  const length = Number(inputs.length);
  const asked = classes(inputs);
  const least = asked.reduce((sum, one) => sum + one.least, 0);
  const faults: { property: string; reason: string }[] = [];
  if (!Number.isInteger(length) || length < 1) {
    faults.push({ property: "length", reason: `length is ${inputs.length}: it must be a whole number of at least 1` });
  } else if (least > length) {
    const reason = `length is ${length}, but minNumeric, minLower, minUpper and minSpecial add up to ${least}: raise length`;
    faults.push({ property: "length", reason });
  }
  if (asked.every(({ used, characters, least: min }) => (!used || characters === "") && min === 0)) {
    const reason = "no characters are left to choose from: allow one of numeric, lower, upper and special";
    faults.push({ property: "special", reason });
  }
  return faults;
}

/** A password: the least of each class, the rest from all that may be used, in random order. */
export function password(inputs: Props): string {
  const asked = classes(inputs);
  const all = asked.map(({ used, characters }) => (used ? characters : "")).join("");
  const demanded = asked.flatMap(({ characters, least }) => Array.from({ length: least }, () => pick(characters)));
  const rest = Array.from({ length: Number(inputs.length) - demanded.length }, () => pick(all));
  return shuffled([...demanded, ...rest]).join("");
}

const pick = (characters: string): string => characters.charAt(randomInt(characters.length));

function shuffled(items: readonly string[]): string[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [order[last], order[other]] = [order[other] ?? "", order[last] ?? ""];
  }
  return order;
}
