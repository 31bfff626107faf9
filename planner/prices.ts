import { INSTANCES, PRICE_DATE, PRICE_REGION } from "./instances";

/** One price, in US dollars, with where and when it was read. */
export interface Price {
  readonly usd: number;
  readonly per: "hour" | "GB" | "GB and month" | "month";
  readonly date: string;
  readonly source: string;
}

/** Prices that a user replaces, by name: `{ "g6e.xlarge": 1.2, "nat-hour": 0.048 }`. */
export type PriceOverrides = Readonly<Record<string, number>>;

/** AWS bills a month as 730 hours. */
export const HOURS_A_MONTH = 730;

const BLOG = "computingforgeeks.com/aws-costs-explained, against AWS's pricing pages";
const KARPENTER = "on-demand price list of Karpenter's AWS provider, commit 1d92708";
const REMEMBERED = "AWS's public price list as remembered, not looked up";

const row = (usd: number, per: Price["per"], date: string, source: string): Price => ({ usd, per, date, source });

/**
 * What a stack pays for besides GPU instances, in us-east-1, on demand. There is no price of spot here and none is derived:
 * it is whatever a user reads today.
 */
export const PRICES = {
  "eks-hour": row(0.1, "hour", "2026-04", BLOG),
  /** Added once the Kubernetes version has left standard support: six times the price in all. */
  "eks-extended-hour": row(0.5, "hour", "2026-04", BLOG),
  "nat-hour": row(0.045, "hour", "2026-04", BLOG),
  "nat-gb": row(0.045, "GB", "2026-04", BLOG),
  "ipv4-hour": row(0.005, "hour", "2026-04", BLOG),
  "alb-hour": row(0.0225, "hour", "2026", REMEMBERED),
  "gp3-gb-month": row(0.08, "GB and month", "2026", REMEMBERED),
  "rds-storage-gb-month": row(0.115, "GB and month", "2026", REMEMBERED),
  "db.t4g.small": row(0.032, "hour", "2026", REMEMBERED),
  "kms-key-month": row(1, "month", "2026", REMEMBERED),
  "s3-gb-month": row(0.023, "GB and month", "2026", REMEMBERED),
  "logs-gb": row(0.5, "GB", "2026", REMEMBERED),
  "m7i.large": row(0.1008, "hour", PRICE_DATE, KARPENTER),
} as const satisfies Record<string, Price>;

/** An EC2 or RDS instance type; those may have a price of the user's that the table does not know. */
const INSTANCE_TYPE = /^(db\.)?[a-z][a-z0-9-]*\.[a-z0-9-]+$/;

/** The price in the table, or undefined when there is none under that name. */
export function listPrice(name: string): Price | undefined {
  if (Object.hasOwn(PRICES, name)) return PRICES[name as keyof typeof PRICES];
  if (!Object.hasOwn(INSTANCES, name)) return undefined;
  const usd = INSTANCES[name]?.onDemandUsdPerHour;
  return usd === undefined ? undefined : row(usd, "hour", PRICE_DATE, `${KARPENTER}, ${PRICE_REGION}`);
}

/** Why these overrides cannot be used; empty when they can. */
export function priceFaults(overrides: PriceOverrides): string[] {
  const names = Object.keys(PRICES).join(", ");
  return Object.entries(overrides).flatMap(([name, usd]) => [
    ...(Number.isFinite(usd) && usd >= 0
      ? []
      : [`prices.${name} is ${usd}: a price is a number of dollars, 0 or more`]),
    ...(listPrice(name) === undefined && !INSTANCE_TYPE.test(name)
      ? [`prices.${name} is no price that is used: name an instance type or one of ${names}`]
      : []),
  ]);
}

/** US dollars for `name`, the user's own first. Throws a RangeError when there is no price, or the user's is none. */
export function priceOf(name: string, overrides: PriceOverrides = {}): number {
  const own = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
  if (own !== undefined) {
    const faults = priceFaults({ [name]: own });
    if (faults.length > 0) throw new RangeError(faults.join("; "));
    return own;
  }
  const listed = listPrice(name);
  if (listed === undefined)
    throw new RangeError(
      `there is no list price of ${name} (as of ${PRICE_DATE}); set prices.${name} in dollars an hour`,
    );
  return listed.usd;
}
