import { INSTANCES } from "../../planner/instances";
import { didYouMean } from "../../planner/near-name";
import { quotaOf } from "../../planner/quotas";

/*
 * What `capacity` and `quota` may name, and which launches they mean.
 */

/** Of the system nodes, in the order of components/system-nodes.ts. */
export const SYSTEM_TYPES = ["m7i.large", "m6i.large", "m5.large"] as const;

/** What cannot be launched: `*` stands for any text. */
export interface LaunchRule {
  readonly type: string;
  readonly zone?: string;
}

export interface Launch {
  readonly type: string;
  readonly zone: string;
}

const LAUNCH = /^[a-z0-9.*-]+(@[a-z0-9*-]+)?$/;
const GPU_TYPES = Object.keys(INSTANCES);
const QUOTA_TYPES = GPU_TYPES.filter((type) => quotaOf(type, false) !== undefined);

/** Rules name an instance family or type, and a zone after `@`. */
export function ruleOf(value: string): LaunchRule {
  const [type = "", zone] = value.split("@");
  return { type: type.includes(".") || type.includes("*") ? type : `${type}.*`, ...(zone ? { zone } : {}) };
}

export const isMeant = ({ type, zone = "*" }: LaunchRule, launch: Launch): boolean =>
  pattern(type).test(launch.type) && pattern(zone).test(launch.zone);

/** Why a value of `capacity` is wrong. */
export function capacityFault(value: string): string | undefined {
  const example = "for example capacity=p5 or capacity=p5.4xlarge@us-east-1a";
  if (value === "") return `needs a value, ${example}`;
  return LAUNCH.test(value)
    ? unknown(value, [...GPU_TYPES, ...SYSTEM_TYPES])
    : `needs a type or family, and a zone after @: ${example}`;
}

/** Why a value of `quota` is wrong. @param counted quotas that are not of vCPUs. */
export function quotaFault(value: string, counted: readonly string[]): string | undefined {
  if (value === "") return "needs a value, for example quota=p5 or quota=vpc";
  if (counted.includes(value)) return undefined;
  return value.includes("@") ? "is of a region: leave the zone out" : unknown(value, QUOTA_TYPES, counted);
}

function unknown(value: string, types: readonly string[], others: readonly string[] = []): string | undefined {
  const [name = ""] = value.split("@");
  const { type } = ruleOf(value);
  if (types.some((one) => pattern(type).test(one))) return undefined;
  const known = [...others, ...new Set(types.map((one) => one.split(".")[0] ?? one))];
  return `knows no ${name}${didYouMean(name, [...known, ...types])}; can be: ${known.join(", ")}`;
}

const pattern = (text: string) => new RegExp(`^${text.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
