import type { Account } from "../../doubles/aws/account";
import { at, items, list, type Props, props, service, text, type Where } from "../../doubles/aws/table";
import { type NodeSize, nodeSize } from "./size";
import { NO_SETTINGS, type NodeSettings, parseUserData, type Taint } from "./user-data";

/** An instance that is to become a node. */
export interface Machine {
  readonly instance: Props;
  readonly settings: NodeSettings;
  readonly size: NodeSize;
}

const ec2 = service("ec2");
const eks = service("eks");
/** GiB of root volume where nobody says: of Karpenter's and of EKS's node groups alike. */
const DEFAULT_ROOT_GIB = 20;
/** EKS's own words for a taint's effect. */
const EFFECTS: Readonly<Record<string, string>> = {
  NO_SCHEDULE: "NoSchedule",
  NO_EXECUTE: "NoExecute",
  PREFER_NO_SCHEDULE: "PreferNoSchedule",
};

export const tagOf = (instance: Props, key: string): string | undefined => {
  const tag = items(instance.Tags).find(({ Key }) => Key === key);
  return tag && text(tag, "Value");
};

const GROUP_TAG = "eks:nodegroup-name";
const CLUSTER_TAG = "eks:cluster-name";
const POOL_TAG = "karpenter.sh/nodepool";

/** Other machines of the account never ask to be a node. */
const isNode = (instance: Props): boolean =>
  tagOf(instance, POOL_TAG) !== undefined || tagOf(instance, GROUP_TAG) !== undefined;

/** What the account says of the machines that are to become nodes. */
export class Machines {
  private readonly types = new Map<string, Props>();

  constructor(
    private readonly account: Account,
    private readonly where: Where,
  ) {}

  /** Those that run, by id. */
  async running(): Promise<Map<string, Props>> {
    const answer = await this.account.call(
      ec2("DescribeInstances", { Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] }),
      this.where,
    );
    const found = items(answer.Reservations)
      .flatMap(({ Instances }) => items(Instances))
      .filter(isNode);
    return new Map(found.map((instance) => [text(instance, "InstanceId"), instance]));
  }

  /** How an instance comes up. */
  async machine(instance: Props): Promise<Machine> {
    const group = tagOf(instance, GROUP_TAG);
    const { settings, rootGib } =
      group === undefined
        ? await this.elastic(instance)
        : await this.managed(group, tagOf(instance, CLUSTER_TAG) ?? "");
    const type = await this.type(text(instance, "InstanceType"));
    return { instance, settings, size: nodeSize({ type, ...settings, rootGib }) };
  }

  /** What Karpenter wrote: all of it is in the instance's user data and in its template. */
  private async elastic(instance: Props) {
    const answer = await this.account.call(
      ec2("DescribeInstanceAttribute", { InstanceId: instance.InstanceId, Attribute: "userData" }),
      this.where,
    );
    const template = await this.template(tagOf(instance, "aws:ec2launchtemplate:id"), "$Latest");
    return { settings: parseUserData(decoded(text(answer, "UserData.Value"))), rootGib: rootGib(template) };
  }

  /** EKS adds its own part to the user data of a group's template: the group's labels and taints. */
  private async managed(nodegroupName: string, clusterName: string) {
    const answer = await this.account.call(eks("DescribeNodegroup", { clusterName, nodegroupName }), this.where);
    const group = props(answer.nodegroup);
    const version = text(group, "launchTemplate.version") || "$Default";
    const template = await this.template(text(group, "launchTemplate.id") || undefined, version);
    const disk = Number(group.diskSize ?? 0);
    return {
      settings: managedSettings(group, decoded(text(template, "UserData"))),
      rootGib: disk > 0 ? disk : rootGib(template),
    };
  }

  private async template(id: string | undefined, version: string): Promise<Props> {
    if (id === undefined) return {};
    const asked = ec2("DescribeLaunchTemplateVersions", { LaunchTemplateId: id, Versions: [version] });
    const answer = await this.account.call(asked, this.where);
    return props(at(answer, "LaunchTemplateVersions.0.LaunchTemplateData"));
  }

  private async type(name: string): Promise<Props> {
    const known = this.types.get(name);
    if (known) return known;
    const answer = await this.account.call(ec2("DescribeInstanceTypes", { InstanceTypes: [name] }), this.where);
    const type = props(at(answer, "InstanceTypes.0"));
    this.types.set(name, type);
    return type;
  }
}

const decoded = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");

function rootGib(template: Props): number {
  const [root] = list(template.BlockDeviceMappings);
  return Number(at(root, "Ebs.VolumeSize") ?? DEFAULT_ROOT_GIB);
}

/**
 * How the nodes of a managed node group come up.
 * @param group as DescribeNodegroup answers it.
 * @param userData of its launch template; empty where it has none.
 */
export function managedSettings(group: Props, userData: string): NodeSettings {
  const own = userData === "" ? NO_SETTINGS : parseUserData(userData);
  const labels = Object.entries(props(group.labels)).map(([key, value]) => [key, String(value)] as const);
  const taints: Taint[] = items(group.taints).map((taint) => ({
    key: text(taint, "key"),
    ...(text(taint, "value") === "" ? {} : { value: text(taint, "value") }),
    effect: EFFECTS[text(taint, "effect")] ?? text(taint, "effect"),
  }));
  return {
    ...own,
    labels: {
      ...own.labels,
      ...Object.fromEntries(labels),
      "eks.amazonaws.com/capacityType": text(group, "capacityType") || "ON_DEMAND",
      "eks.amazonaws.com/nodegroup": text(group, "nodegroupName"),
    },
    taints: [...own.taints, ...taints],
  };
}
