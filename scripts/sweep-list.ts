import type { Found, Kind, Search } from "./sweep-account";
import { BALANCERS } from "./sweep-balancers";
import { EC2 } from "./sweep-ec2";
import { EKS } from "./sweep-eks";
import { securityGroups } from "./sweep-groups";
import { namedLogGroups, OTHERS } from "./sweep-others";
import { isOfStack } from "./sweep-tags";

/*
 * What an account holds of a stack.
 */

/** In the order in which they can be deleted: what uses another thing comes before it. */
export const KINDS: readonly Kind[] = [
  EKS.cluster,
  EKS.nodeGroups,
  EC2.instances,
  BALANCERS.loadBalancers,
  BALANCERS.targetGroups,
  EC2.networkInterfaces,
  securityGroups,
  EC2.volumes,
  EC2.launchTemplates,
  OTHERS.instanceProfiles,
  OTHERS.logGroups,
];

/** Something of the stack. */
export interface OfStack extends Found {
  readonly kind: Kind;
  /** Pulumi's state has it, or it goes with something in there: `destroy` takes it away. */
  readonly managed: boolean;
}

/** What Pulumi's state has of a stack, for telling what is left over from what is in use. */
export interface Managed {
  /** Ids, ARNs and names of resources. */
  readonly ids: ReadonlySet<string>;
  /** The stack's node groups are there, with all that EKS makes for them. */
  readonly nodeGroups: boolean;
  /** So is the cluster, with the interfaces of its control plane. */
  readonly cluster: boolean;
}

export const NOTHING_MANAGED: Managed = { ids: new Set(), nodeGroups: false, cluster: false };

/** EKS sets it on instances, volumes and launch templates of a managed node group. */
const NODE_GROUP_TAG = "eks:nodegroup-name";

/** Description of the interfaces by which a control plane reaches its nodes. Source: EKS user guide, network requirements. */
const OF_CONTROL_PLANE = /^Amazon EKS /;

export const isManaged = ({ id, tags, name = "" }: Found, { ids, nodeGroups, cluster }: Managed): boolean =>
  ids.has(id) || (nodeGroups && Object.hasOwn(tags, NODE_GROUP_TAG)) || (cluster && OF_CONTROL_PLANE.test(name));

/** What there is of one kind. Nothing that lacks the stack's tags passes here, whatever AWS answered. */
export async function listKind(kind: Kind, search: Search, managed: Managed): Promise<OfStack[]> {
  return (await kind.list(search))
    .filter(({ id, tags }) => id !== "" && isOfStack(tags, search.stack))
    .map((found) => ({ ...found, kind, managed: isManaged(found, managed) }));
}

export async function listStack(search: Search, managed: Managed): Promise<OfStack[]> {
  return (await Promise.all(KINDS.map((kind) => listKind(kind, search, managed)))).flat();
}

/** Log groups of the stack's names without any tag: EKS made them anew, or somebody else did. Told of, and left alone. */
export const untaggedLogGroups = async (search: Search): Promise<string[]> =>
  (await namedLogGroups(search)).filter(({ tags }) => Object.keys(tags).length === 0).map(({ id }) => id);
