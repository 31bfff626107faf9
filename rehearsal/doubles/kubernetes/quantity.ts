import type { Value } from "../aws/table";

/** Factors of the suffixes of Kubernetes' quantities. */
const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Whether two values are one quantity: the server writes `1000m` as `1` and `1024Mi` as `1Gi`. */
export function sameQuantity(a: Value, b: Value): boolean {
  const [left, right] = [amount(a), amount(b)];
  return left !== undefined && right !== undefined && Math.abs(left - right) <= 1e-12 * Math.abs(left);
}

function amount(value: Value): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = /^([+-]?[0-9]*\.?[0-9]+)(n|u|m|k|Ki|Mi|Gi|Ti|Pi|Ei|M|G|T|P|E)?$/.exec(String(value));
  return match ? Number(match[1]) * (FACTORS[match[2] ?? ""] ?? 1) : undefined;
}
