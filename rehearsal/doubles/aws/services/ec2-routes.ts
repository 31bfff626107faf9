import { createHash } from "node:crypto";
import { type Call, items, list, type Props, props, type Table, text, type Where } from "../table";
import { ec2, ec2Arn, ec2Tags, specified } from "./ec2-network";

const TARGETS = {
  gatewayId: "GatewayId",
  natGatewayId: "NatGatewayId",
  transitGatewayId: "TransitGatewayId",
  vpcPeeringConnectionId: "VpcPeeringConnectionId",
  egressOnlyGatewayId: "EgressOnlyInternetGatewayId",
  networkInterfaceId: "NetworkInterfaceId",
} as const;

function destination(inputs: Props): Props {
  return {
    DestinationCidrBlock: inputs.destinationCidrBlock ?? inputs.cidrBlock,
    DestinationIpv6CidrBlock: inputs.destinationIpv6CidrBlock ?? inputs.ipv6CidrBlock,
    DestinationPrefixListId: inputs.destinationPrefixListId,
  };
}

function route(operation: "CreateRoute" | "ReplaceRoute", table: string, inputs: Props): Call {
  const target = Object.entries(TARGETS).map(([input, parameter]) => [parameter, inputs[input]] as const);
  return ec2(operation, { RouteTableId: table, ...destination(inputs), ...Object.fromEntries(target) });
}

function replaceRoute({ now }: { now: Props }): Call[] {
  return [route("ReplaceRoute", text(now, "routeTableId"), now)];
}

/** Gateway endpoints take and lose route tables, interface endpoints subnets and groups, by difference. */
function endpointPart(id: string, old: Props, now: Props, input: string, parameter: string): Call[] {
  const before = list(old[input]);
  const after = list(now[input]);
  const added = after.filter((one) => !before.includes(one));
  const removed = before.filter((one) => !after.includes(one));
  return [
    ec2("ModifyVpcEndpoint", {
      VpcEndpointId: id,
      ...(added.length > 0 ? { [`Add${parameter}`]: added } : {}),
      ...(removed.length > 0 ? { [`Remove${parameter}`]: removed } : {}),
    }),
  ];
}

function endpointOuts(id: string, made: Props, where: Where): Props {
  return {
    arn: ec2Arn("vpc-endpoint", id, where),
    ownerId: where.account,
    state: "available",
    requesterManaged: false,
    networkInterfaceIds: list(made.NetworkInterfaceIds),
    dnsEntries: items(made.DnsEntries).map((entry) => ({
      dnsName: entry.DnsName,
      hostedZoneId: entry.HostedZoneId,
    })),
  };
}

/** Associations in the answer about one table, without the one that makes it the main table. */
function associations(answer: Props): readonly Props[] {
  return items(props(items(answer.RouteTables)[0]).Associations).filter((one) => one.Main !== true);
}

/** Takes away what is associated with `id`: a table, a subnet or a gateway. */
function disassociations(answer: Props, id: string): readonly Call[] {
  return associations(answer)
    .filter((one) => [one.RouteTableId, one.SubnetId, one.GatewayId].includes(id))
    .map((one) => ec2("DisassociateRouteTable", { AssociationId: one.RouteTableAssociationId }));
}

export const routes: Table = {
  "aws:ec2/routeTable:RouteTable": {
    replaces: ["vpcId"],
    tags: ec2Tags,
    create: (i) => ec2("CreateRouteTable", { VpcId: i.vpcId, ...specified("route-table", i) }),
    id: (answer) => text(answer, "RouteTable.RouteTableId"),
    updates: {
      routes: ({ id, old, now }) => [
        ...items(old.routes).map((one) => ec2("DeleteRoute", { RouteTableId: id, ...destination(one) })),
        ...items(now.routes).map((one) => route("CreateRoute", id, one)),
      ],
    },
    // "routes" given inline are the routes of the table; without them, Route resources are.
    finish: (id, i) => items(i.routes).map((one) => route("CreateRoute", id, one)),
    outs: (id, _i, _answers, where) => ({ arn: ec2Arn("route-table", id, where), ownerId: where.account }),
    exists: (id) => ec2("DescribeRouteTables", { RouteTableIds: [id] }),
    // The provider takes subnets away from a table that goes.
    sweep: { list: (id) => ec2("DescribeRouteTables", { RouteTableIds: [id] }), each: disassociations },
    remove: (id) => [ec2("DeleteRouteTable", { RouteTableId: id })],
  },

  "aws:ec2/route:Route": {
    replaces: ["routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"],
    updates: Object.fromEntries(Object.keys(TARGETS).map((input) => [input, replaceRoute])),
    create: (i) => route("CreateRoute", text(i, "routeTableId"), i),
    // The provider joins the table and a checksum of the destination.
    id: (_answer, i) =>
      `r-${text(i, "routeTableId")}${createHash("sha256")
        .update(JSON.stringify(destination(i)))
        .digest()
        .readUInt32BE()}`,
    outs: () => ({ origin: "CreateRoute", state: "active" }),
    exists: (_id, state) => ec2("DescribeRouteTables", { RouteTableIds: [state.routeTableId] }),
    remove: (_id, state) => [ec2("DeleteRoute", { RouteTableId: state.routeTableId, ...destination(state) })],
  },

  "aws:ec2/routeTableAssociation:RouteTableAssociation": {
    replaces: ["subnetId", "gatewayId"],
    updates: {
      // AWS gives the association a new id, and the resource keeps its old one.
      routeTableId: ({ id, now }) => [
        ec2("ReplaceRouteTableAssociation", { AssociationId: id, RouteTableId: now.routeTableId }),
      ],
    },
    create: (i) =>
      ec2("AssociateRouteTable", { RouteTableId: i.routeTableId, SubnetId: i.subnetId, GatewayId: i.gatewayId }),
    id: (answer) => text(answer, "AssociationId"),
    exists: (_id, state) => ec2("DescribeRouteTables", { RouteTableIds: [state.routeTableId] }),
    alive: (answer) => associations(answer).length > 0,
    sweep: {
      list: (_id, state) => ec2("DescribeRouteTables", { RouteTableIds: [state.routeTableId] }),
      each: (answer, _id, state) => disassociations(answer, text(state, "subnetId") || text(state, "gatewayId")),
    },
    remove: () => [],
  },

  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    defaults: { vpcEndpointType: "Gateway" },
    replaces: ["vpcId", "serviceName", "vpcEndpointType"],
    updates: {
      routeTableIds: ({ id, old, now }) => endpointPart(id, old, now, "routeTableIds", "RouteTableIds"),
      subnetIds: ({ id, old, now }) => endpointPart(id, old, now, "subnetIds", "SubnetIds"),
      securityGroupIds: ({ id, old, now }) => endpointPart(id, old, now, "securityGroupIds", "SecurityGroupIds"),
      policy: ({ id, now }) => [ec2("ModifyVpcEndpoint", { VpcEndpointId: id, PolicyDocument: now.policy })],
      privateDnsEnabled: ({ id, now }) => [
        ec2("ModifyVpcEndpoint", { VpcEndpointId: id, PrivateDnsEnabled: now.privateDnsEnabled }),
      ],
    },
    tags: ec2Tags,
    create: (i) =>
      ec2("CreateVpcEndpoint", {
        VpcId: i.vpcId,
        ServiceName: i.serviceName,
        VpcEndpointType: i.vpcEndpointType,
        RouteTableIds: i.routeTableIds,
        SubnetIds: i.subnetIds,
        SecurityGroupIds: i.securityGroupIds,
        PolicyDocument: i.policy,
        PrivateDnsEnabled: i.privateDnsEnabled,
        ...specified("vpc-endpoint", i),
      }),
    id: (answer) => text(answer, "VpcEndpoint.VpcEndpointId"),
    outs: (id, _i, [made], where) => endpointOuts(id, props(made?.VpcEndpoint), where),
    exists: (id) => ec2("DescribeVpcEndpoints", { VpcEndpointIds: [id] }),
    alive: (answer) => text(answer, "VpcEndpoints.0.State") !== "deleted",
    remove: (id) => [ec2("DeleteVpcEndpoints", { VpcEndpointIds: [id] })],
  },
};
