import { PREFLIGHT_LOOKUPS } from "./lookups-preflight";
import { regionFacts } from "./regions";
import { ec2Arn } from "./services/ec2-network";
import { at, type Call, items, list, type Props, props, service, text, type Value, type Where } from "./table";

/** A data source: what it is asked by, the calls that answer it, and what it tells. */
export interface Lookup {
  readonly by: readonly string[];
  readonly calls?: (args: Props, where: Where) => readonly Call[];
  readonly result: (answers: readonly Props[], args: Props, where: Where) => Props;
}

const ec2 = service("ec2");
const eks = service("eks");
const route53 = service("route53");
const sts = service("sts");

const tagsOf = (tags: Value): Props =>
  Object.fromEntries(items(tags).map(({ Key, Value }) => [text({ Key }, "Key"), Value]));
const rooted = (zone: string): string => `${zone.replace(/\.$/, "")}.`;

function attribute(args: Props, name: string): Call {
  return ec2("DescribeVpcAttribute", { VpcId: args.id, Attribute: name });
}

function vpc([found, support, hostnames, tables]: readonly Props[], where: Where): Props {
  const one = props(at(found, "Vpcs.0"));
  return {
    id: one.VpcId,
    arn: ec2Arn("vpc", text(one, "VpcId"), where),
    cidrBlock: one.CidrBlock,
    cidrBlockAssociations: items(one.CidrBlockAssociationSet).map((block) => ({
      associationId: block.AssociationId,
      cidrBlock: block.CidrBlock,
      state: text(block, "CidrBlockState.State"),
    })),
    default: one.IsDefault ?? false,
    dhcpOptionsId: one.DhcpOptionsId,
    enableDnsSupport: at(support, "EnableDnsSupport.Value"),
    enableDnsHostnames: at(hostnames, "EnableDnsHostnames.Value"),
    instanceTenancy: one.InstanceTenancy,
    mainRouteTableId: text(tables, "RouteTables.0.RouteTableId"),
    ownerId: where.account,
    state: one.State,
    tags: tagsOf(one.Tags),
  };
}

function subnet(one: Props, where: Where): Props {
  return {
    id: one.SubnetId,
    arn: ec2Arn("subnet", text(one, "SubnetId"), where),
    vpcId: one.VpcId,
    cidrBlock: one.CidrBlock,
    availabilityZone: one.AvailabilityZone,
    availabilityZoneId: one.AvailabilityZoneId,
    availableIpAddressCount: one.AvailableIpAddressCount,
    defaultForAz: one.DefaultForAz ?? false,
    mapPublicIpOnLaunch: one.MapPublicIpOnLaunch ?? false,
    ownerId: where.account,
    state: one.State,
    tags: tagsOf(one.Tags),
  };
}

function zone(found: readonly Props[], args: Props): Props {
  const [one, second] = found;
  const asked = args.zoneId ? `id "${args.zoneId}"` : `name "${args.name}"`;
  if (!one) throw new Error(`no Route 53 zone has the ${asked}`);
  if (second) throw new Error(`several Route 53 zones have the ${asked}`);
  const zoneId = text(one, "Id").replace("/hostedzone/", "");
  return {
    id: zoneId,
    zoneId,
    arn: `arn:aws:route53:::hostedzone/${zoneId}`,
    name: text(one, "Name").replace(/\.$/, ""),
    callerReference: one.CallerReference,
    comment: text(one, "Config.Comment"),
    privateZone: at(one, "Config.PrivateZone") ?? false,
    resourceRecordSetCount: one.ResourceRecordSetCount,
    tags: {},
  };
}

/** Every data source the AWS double knows. */
export const LOOKUPS: { readonly [token: string]: Lookup } = {
  ...PREFLIGHT_LOOKUPS,
  "aws:index/getCallerIdentity:getCallerIdentity": {
    by: [],
    calls: () => [sts("GetCallerIdentity", {})],
    result: ([me]) => ({ id: text(me, "Account"), accountId: me?.Account, arn: me?.Arn, userId: me?.UserId }),
  },
  "aws:index/getPartition:getPartition": {
    by: [],
    result: (_answers, _args, { partition }) => ({
      id: partition,
      partition,
      dnsSuffix: "amazonaws.com",
      reverseDnsPrefix: "com.amazonaws",
    }),
  },
  "aws:index/getRegion:getRegion": {
    by: [],
    result: (_answers, _args, { region }) => ({
      id: region,
      name: region,
      description: regionFacts(region).description,
      endpoint: `ec2.${region}.amazonaws.com`,
    }),
  },
  "aws:index/getAvailabilityZones:getAvailabilityZones": {
    by: ["state"],
    calls: () => [ec2("DescribeAvailabilityZones", {})],
    result: ([answer], { state }, { region }) => {
      const zones = items(answer?.AvailabilityZones).filter((one) => state === undefined || one.State === state);
      return {
        id: region,
        names: zones.map((one) => one.ZoneName),
        zoneIds: zones.map((one) => one.ZoneId),
        groupNames: [region],
      };
    },
  },
  "aws:ec2/getVpc:getVpc": {
    by: ["id"],
    calls: (args) => [
      ec2("DescribeVpcs", { VpcIds: [args.id] }),
      attribute(args, "enableDnsSupport"),
      attribute(args, "enableDnsHostnames"),
      ec2("DescribeRouteTables", {
        Filters: [
          { Name: "vpc-id", Values: [args.id] },
          { Name: "association.main", Values: ["true"] },
        ],
      }),
    ],
    result: (answers, _args, where) => vpc(answers, where),
  },
  "aws:ec2/getSubnet:getSubnet": {
    by: ["id"],
    calls: ({ id }) => [ec2("DescribeSubnets", { SubnetIds: [id] })],
    result: ([answer], _args, where) => subnet(props(at(answer, "Subnets.0")), where),
  },
  "aws:eks/getClusters:getClusters": {
    by: [],
    calls: () => [eks("ListClusters", {})],
    result: ([answer], _args, { region }) => ({ id: region, names: list(answer?.clusters) }),
  },
  "aws:lb/getHostedZoneId:getHostedZoneId": {
    by: ["loadBalancerType"],
    result: (_answers, { loadBalancerType = "application" }, { region }) => {
      if (loadBalancerType !== "application") {
        throw new Error(
          `the AWS double knows the zone of application load balancers, not of type "${loadBalancerType}"`,
        );
      }
      return { id: regionFacts(region).balancerZone, loadBalancerType };
    },
  },
  "aws:route53/getZone:getZone": {
    by: ["name", "zoneId", "privateZone"],
    calls: () => [route53("ListHostedZones", {})],
    result: ([answer], args) => {
      const fits = (one: Props) =>
        args.zoneId
          ? text(one, "Id") === `/hostedzone/${args.zoneId}`
          : text(one, "Name") === rooted(text(args, "name")) &&
            (at(one, "Config.PrivateZone") ?? false) === (args.privateZone ?? false);
      return zone(items(answer?.HostedZones).filter(fits), args);
    },
  },
};

/**
 * Answers a data source.
 * @param call makes the calls, in order.
 * @throws for a data source, or a way to ask it, that the double does not know.
 */
export async function lookUp(
  token: string,
  given: Props,
  home: Where,
  call: (calls: readonly Call[], where: Where) => Promise<Props[]>,
): Promise<Props> {
  const lookup = LOOKUPS[token];
  if (!lookup) throw new Error(`the AWS double does not know the data source "${token}": add it to lookups.ts`);
  const { region, ...args } = given;
  const unknown = Object.keys(args).filter((arg) => !lookup.by.includes(arg));
  if (unknown.length > 0) {
    throw new Error(`the AWS double cannot look up ${token} by ${unknown.join(", ")}: add it to lookups.ts`);
  }
  const where = typeof region === "string" ? { ...home, region } : home;
  const answers = await call(lookup.calls?.(args, where) ?? [], where);
  return { ...args, region: where.region, ...lookup.result(answers, args, where) };
}
