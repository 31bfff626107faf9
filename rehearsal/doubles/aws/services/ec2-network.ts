import { type Call, items, type Props, pairs, service, type Table, type Tagging, text, type Where } from "../table";

export const ec2 = service("ec2");

export const ec2Tags: Tagging = {
  set: (id, _state, tags) => ec2("CreateTags", { Resources: [id], Tags: pairs(tags) }),
  unset: (id, _state, keys) => ec2("DeleteTags", { Resources: [id], Tags: keys.map((Key) => ({ Key })) }),
};

/** Tags of a thing that is being made; AWS refuses an empty list. */
export function specified(kind: string, inputs: Props): Props {
  const tags = pairs(inputs.tags);
  return tags.length > 0 ? { TagSpecifications: [{ ResourceType: kind, Tags: tags }] } : {};
}

/** The ARN of a thing of EC2. */
export function ec2Arn(kind: string, id: string, where: Where): string {
  return `arn:${where.partition}:ec2:${where.region}:${where.account}:${kind}/${id}`;
}

const of = (key: string, id: string): Props => ({ Filters: [{ Name: key, Values: [id] }] });

function vpcAttribute(id: string, attribute: string, value: Props[string]): Call {
  return ec2("ModifyVpcAttribute", { VpcId: id, [attribute]: { Value: value } });
}

function subnetAttribute(id: string, value: Props[string]): Call {
  return ec2("ModifySubnetAttribute", { SubnetId: id, MapPublicIpOnLaunch: { Value: value } });
}

export const network: Table = {
  "aws:ec2/vpc:Vpc": {
    defaults: { enableDnsSupport: true, instanceTenancy: "default" },
    replaces: ["cidrBlock", "instanceTenancy"],
    updates: {
      enableDnsSupport: ({ id, now }) => [vpcAttribute(id, "EnableDnsSupport", now.enableDnsSupport)],
      enableDnsHostnames: ({ id, now }) => [vpcAttribute(id, "EnableDnsHostnames", now.enableDnsHostnames ?? false)],
    },
    tags: ec2Tags,
    create: (i) =>
      ec2("CreateVpc", { CidrBlock: i.cidrBlock, InstanceTenancy: i.instanceTenancy, ...specified("vpc", i) }),
    id: (answer) => text(answer, "Vpc.VpcId"),
    finish: (id, i) => [
      vpcAttribute(id, "EnableDnsSupport", i.enableDnsSupport),
      vpcAttribute(id, "EnableDnsHostnames", i.enableDnsHostnames ?? false),
      ec2("DescribeRouteTables", of("vpc-id", id)),
      ec2("DescribeSecurityGroups", of("vpc-id", id)),
      ec2("DescribeNetworkAcls", of("vpc-id", id)),
    ],
    outs: (id, i, answers, where) => ({
      arn: ec2Arn("vpc", id, where),
      ownerId: where.account,
      enableDnsHostnames: i.enableDnsHostnames ?? false,
      mainRouteTableId: text(answers[3], "RouteTables.0.RouteTableId"),
      defaultRouteTableId: text(answers[3], "RouteTables.0.RouteTableId"),
      defaultSecurityGroupId: text(answers[4], "SecurityGroups.0.GroupId"),
      defaultNetworkAclId: text(answers[5], "NetworkAcls.0.NetworkAclId"),
    }),
    exists: (id) => ec2("DescribeVpcs", { VpcIds: [id] }),
    remove: (id) => [ec2("DeleteVpc", { VpcId: id })],
  },

  "aws:ec2/subnet:Subnet": {
    defaults: { mapPublicIpOnLaunch: false },
    replaces: ["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"],
    updates: { mapPublicIpOnLaunch: ({ id, now }) => [subnetAttribute(id, now.mapPublicIpOnLaunch)] },
    tags: ec2Tags,
    create: (i) =>
      ec2("CreateSubnet", {
        VpcId: i.vpcId,
        CidrBlock: i.cidrBlock,
        AvailabilityZone: i.availabilityZone,
        AvailabilityZoneId: i.availabilityZoneId,
        ...specified("subnet", i),
      }),
    id: (answer) => text(answer, "Subnet.SubnetId"),
    finish: (id, i) => [subnetAttribute(id, i.mapPublicIpOnLaunch)],
    outs: (id, _i, [made], where) => ({
      arn: ec2Arn("subnet", id, where),
      ownerId: where.account,
      availabilityZone: text(made, "Subnet.AvailabilityZone"),
      availabilityZoneId: text(made, "Subnet.AvailabilityZoneId"),
    }),
    exists: (id) => ec2("DescribeSubnets", { SubnetIds: [id] }),
    remove: (id) => [ec2("DeleteSubnet", { SubnetId: id })],
  },

  "aws:ec2/internetGateway:InternetGateway": {
    replaces: [],
    updates: {
      vpcId: ({ id, old, now }) => [
        ...(old.vpcId ? [ec2("DetachInternetGateway", { InternetGatewayId: id, VpcId: old.vpcId })] : []),
        ...(now.vpcId ? [ec2("AttachInternetGateway", { InternetGatewayId: id, VpcId: now.vpcId })] : []),
      ],
    },
    tags: ec2Tags,
    create: (i) => ec2("CreateInternetGateway", specified("internet-gateway", i)),
    id: (answer) => text(answer, "InternetGateway.InternetGatewayId"),
    finish: (id, i) => (i.vpcId ? [ec2("AttachInternetGateway", { InternetGatewayId: id, VpcId: i.vpcId })] : []),
    outs: (id, _i, _answers, where) => ({ arn: ec2Arn("internet-gateway", id, where), ownerId: where.account }),
    exists: (id) => ec2("DescribeInternetGateways", { InternetGatewayIds: [id] }),
    remove: (id, state) => [
      ...(state.vpcId ? [ec2("DetachInternetGateway", { InternetGatewayId: id, VpcId: state.vpcId })] : []),
      ec2("DeleteInternetGateway", { InternetGatewayId: id }),
    ],
  },

  "aws:ec2/eip:Eip": {
    replaces: ["domain"],
    tags: ec2Tags,
    create: (i) => ec2("AllocateAddress", { Domain: i.domain ?? "vpc", ...specified("elastic-ip", i) }),
    id: (answer) => text(answer, "AllocationId"),
    outs: (id, _i, [made], where) => ({
      allocationId: id,
      arn: ec2Arn("elastic-ip", id, where),
      domain: "vpc",
      publicIp: text(made, "PublicIp"),
      publicDns: `ec2-${text(made, "PublicIp").replaceAll(".", "-")}.${where.region === "us-east-1" ? "compute-1" : `${where.region}.compute`}.amazonaws.com`,
    }),
    exists: (id) => ec2("DescribeAddresses", { AllocationIds: [id] }),
    remove: (id) => [ec2("ReleaseAddress", { AllocationId: id })],
  },

  "aws:ec2/natGateway:NatGateway": {
    defaults: { connectivityType: "public" },
    replaces: ["subnetId", "allocationId", "connectivityType"],
    tags: ec2Tags,
    create: (i) =>
      ec2("CreateNatGateway", {
        SubnetId: i.subnetId,
        AllocationId: i.allocationId,
        ConnectivityType: i.connectivityType,
        ...specified("natgateway", i),
      }),
    id: (answer) => text(answer, "NatGateway.NatGatewayId"),
    outs: (_id, _i, [made]) => {
      const [address] = items(made?.NatGateway ? (made.NatGateway as Props).NatGatewayAddresses : []);
      return {
        networkInterfaceId: text(address, "NetworkInterfaceId"),
        privateIp: text(address, "PrivateIp"),
        publicIp: text(address, "PublicIp"),
        associationId: text(address, "AssociationId"),
      };
    },
    exists: (id) => ec2("DescribeNatGateways", { NatGatewayIds: [id] }),
    alive: (answer) => ["pending", "available"].includes(text(answer, "NatGateways.0.State")),
    remove: (id) => [ec2("DeleteNatGateway", { NatGatewayId: id })],
  },
};
