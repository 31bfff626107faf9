import { GPU_NAMES } from "../../../planner/gpus";
import { instanceTypesWith } from "../../../planner/instances";
import { list, type Props, props, text, type Value } from "./table";

/** What an account has before a stack comes: things the program only looks up, or refers to by ARN. */
export interface Seed {
  readonly region: string;
  /** Account in the ARNs that the settings name. */
  readonly account?: string;
  /** Names of Route 53 zones. */
  readonly zones: readonly string[];
  /** ARNs of IAM policies, roles and users. */
  readonly policies: readonly string[];
  readonly principals: readonly string[];
  /** Capacity reservations and capacity blocks that the pools name. */
  readonly reservations?: readonly {
    readonly id: string;
    readonly block: boolean;
    readonly zone: string;
    readonly instanceType: string;
  }[];
  readonly network?: {
    readonly vpcId: string;
    readonly cidr: string;
    readonly subnets: readonly { readonly id: string; readonly cidr: string; readonly zone: string }[];
  };
}

/** Range of an adopted VPC, which its user knows and the settings do not. */
const ADOPTED_CIDR = "10.64.0.0/16";

const texts = (value: Value): string[] => list(value).map(String);

/**
 * What the settings of a stack take for granted.
 * @param config the stack file's settings by full key, validated before.
 */
export function seedOf(config: { readonly [key: string]: unknown }): Seed {
  const settings = config as Props;
  const cluster = props(settings["pilotlight:cluster"]);
  const zone = text(settings["pilotlight:endpoint"], "zone");
  const boundary = settings["pilotlight:permissionsBoundary"];
  const policies = typeof boundary === "string" ? [boundary] : [];
  const principals = texts(cluster.admins);
  return {
    region: text(settings, "aws:region"),
    account: [...policies, ...principals].map((arn) => arn.split(":")[4]).find((account) => account !== undefined),
    zones: zone === "" ? [] : [zone],
    policies,
    principals,
    reservations: reservations(props(settings["pilotlight:gpuPools"]), texts(cluster.zones)),
    network: adopted(props(props(settings["pilotlight:network"]).adopt), texts(cluster.zones)),
  };
}

/** Each of the cheapest type of its pool, in the first zone where the settings name none. */
function reservations(pools: Props, zones: readonly string[]): NonNullable<Seed["reservations"]> {
  return Object.values(pools).flatMap((value) => {
    const pool = props(value);
    const block = props(pool.capacityBlock);
    const gpus = typeof pool.gpusPerNode === "number" ? pool.gpusPerNode : 1;
    const [first = ""] = pool.instanceTypes
      ? texts(pool.instanceTypes)
      : GPU_NAMES.filter((name) => name === pool.gpu).flatMap((name) => instanceTypesWith(name, gpus));
    const place = { zone: zones[0] ?? "", instanceType: first };
    return [
      ...texts(pool.reservationIds).map((id) => ({ ...place, id, block: false })),
      ...(typeof block.id === "string" ? [{ ...place, id: block.id, zone: text(block, "zone"), block: true }] : []),
    ];
  });
}

/** Each list of subnets goes through the zones in order. */
function adopted(adopt: Props, zones: readonly string[]): Seed["network"] {
  if (typeof adopt.vpcId !== "string") return undefined;
  const placed = [adopt.subnetIds, adopt.publicSubnetIds].flatMap((ids) =>
    texts(ids).map((id, index) => ({ id, zone: zones[index % zones.length] ?? "" })),
  );
  // Blocks of a sixteenth of the range, one after the other.
  const subnets = placed.map((one, index) => ({ ...one, cidr: `10.64.${index * 16}.0/20` }));
  return { vpcId: adopt.vpcId, cidr: ADOPTED_CIDR, subnets };
}
