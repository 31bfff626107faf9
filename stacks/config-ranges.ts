/*
 * IPv4 ranges: how they are written, and which of them no machine on the internet has.
 */

interface Range {
  /** First address, as a number. */
  readonly base: number;
  readonly bits: number;
}

const size = (bits: number) => 2 ** (32 - bits);

function parse(range: string): Range {
  const [address = "", bits = "32"] = range.split("/");
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return { base: number - (number % size(Number(bits))), bits: Number(bits) };
}

const show = ({ base, bits }: Range) =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".")}/${bits}`;

/** The range with every bit beyond its length 0: `10.40.0.0/16` for `10.40.1.2/16`. */
export const canonicalRange = (range: string): string => show(parse(range));

/** Whether all of `range` lies in `other`. */
export function isWithin(range: string, other: string): boolean {
  const [inner, outer] = [parse(range), parse(other)];
  return inner.bits >= outer.bits && inner.base >= outer.base && inner.base < outer.base + size(outer.bits);
}

export const EVERYBODY = "0.0.0.0/0";

/** RFC 5737: for examples, so nobody has an address in them. */
export const DOCUMENTATION_RANGES = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"] as const;
/** RFC 1918: seen inside a network and never from outside. */
export const PRIVATE_RANGES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] as const;

/** Why a range can never reach a public address from outside, or undefined. */
export function unseenRange(range: string): string | undefined {
  if (DOCUMENTATION_RANGES.some((other) => isWithin(range, other))) return "is for examples and nobody's (RFC 5737)";
  if (PRIVATE_RANGES.some((other) => isWithin(range, other)))
    return "is private (RFC 1918), and the public endpoint sees public addresses alone";
  return undefined;
}
