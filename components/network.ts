import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { divide, type ZoneSubnets } from "./subnets";

/** What the rest of the kit needs of a network, made here or brought along. */
export interface NetworkShape {
  readonly vpcId: pulumi.Output<string>;
  /** IPv4 range of the VPC. */
  readonly cidr: pulumi.Output<string>;
  readonly privateSubnetIds: pulumi.Output<string>[];
  readonly publicSubnetIds: pulumi.Output<string>[];
  /** Ways out of the VPC: what a controller needs must outlive the controller. */
  readonly routes: pulumi.Resource[];
  /** Ids of the private subnets in one availability zone. */
  privateSubnetsIn(zone: string): pulumi.Output<string[]>;
}

export interface NetworkArgs {
  /** Range of the VPC, /16 to /20. */
  cidr: string;
  zones: string[];
  nat: "one" | "per-zone";
  /** AWS region, for the name of the S3 endpoint. */
  region: string;
}

const ANYWHERE = "0.0.0.0/0";

/** A VPC with private subnets for nodes, public ones for load balancers, NAT, and a free path to S3. */
export class Network extends pulumi.ComponentResource implements NetworkShape {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: pulumi.Output<string>;
  readonly privateSubnetIds: pulumi.Output<string>[];
  readonly publicSubnetIds: pulumi.Output<string>[];
  readonly routes: pulumi.Resource[];
  readonly privateSubnetsIn: NetworkShape["privateSubnetsIn"];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Network", name, {}, opts);
    const parent = { parent: this };
    const zones = divide(args.cidr, args.zones);

    const vpc = createVpc();
    const gateway = new aws.ec2.InternetGateway(name, { vpcId: vpc.id, tags: { Name: name } }, parent);
    const publicTable = createTable(`${name}-public`, { gatewayId: gateway.id });
    const publicSubnets = zones.map((zone) => createPublicSubnet(zone));
    const nats = (args.nat === "one" ? zones.slice(0, 1) : zones).map((zone, index) => createNat(zone, index));
    const privateTables = nats.map((nat, index) =>
      createTable(args.nat === "one" ? `${name}-private` : `${name}-private-${zoneAt(index)}`, {
        natGatewayId: nat.id,
      }),
    );
    const privateSubnets = zones.map((zone, index) => createPrivateSubnet(zone, index));
    const s3 = createS3Endpoint();

    this.vpcId = vpc.id;
    this.cidr = vpc.cidrBlock;
    this.privateSubnetIds = privateSubnets.map(({ subnet }) => subnet.id);
    this.publicSubnetIds = publicSubnets.map(({ subnet }) => subnet.id);
    this.routes = [
      ...[publicTable, ...privateTables].map(({ route }) => route),
      ...[...publicSubnets, ...privateSubnets].map(({ association }) => association),
      s3,
    ];
    this.privateSubnetsIn = (zone) =>
      pulumi.all(privateSubnets.filter((_, index) => zoneAt(index) === zone).map(({ subnet }) => subnet.id));
    this.registerOutputs({ vpcId: this.vpcId });

    function zoneAt(index: number): string {
      return zones[index]?.zone ?? "";
    }

    function createVpc() {
      return new aws.ec2.Vpc(
        name,
        { cidrBlock: args.cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: name } },
        parent,
      );
    }

    function createTable(
      table: string,
      way: { gatewayId?: pulumi.Input<string>; natGatewayId?: pulumi.Input<string> },
    ) {
      const routeTable = new aws.ec2.RouteTable(table, { vpcId: vpc.id, tags: { Name: table } }, parent);
      const route = new aws.ec2.Route(
        `${table}-out`,
        { routeTableId: routeTable.id, destinationCidrBlock: ANYWHERE, ...way },
        parent,
      );
      return { routeTable, route };
    }

    function createPublicSubnet({ zone, publicCidr }: ZoneSubnets) {
      const subnet = new aws.ec2.Subnet(
        `${name}-public-${zone}`,
        {
          vpcId: vpc.id,
          cidrBlock: publicCidr,
          availabilityZone: zone,
          tags: { Name: `${name}-public-${zone}` },
        },
        parent,
      );
      const association = new aws.ec2.RouteTableAssociation(
        `${name}-public-${zone}`,
        { subnetId: subnet.id, routeTableId: publicTable.routeTable.id },
        parent,
      );
      return { subnet, association };
    }

    function createNat({ zone }: ZoneSubnets, index: number) {
      const address = new aws.ec2.Eip(
        `${name}-nat-${zone}`,
        { domain: "vpc", tags: { Name: `${name}-nat-${zone}` } },
        { ...parent, dependsOn: [gateway] },
      );
      return new aws.ec2.NatGateway(
        `${name}-${zone}`,
        { subnetId: publicSubnets[index]?.subnet.id, allocationId: address.id, tags: { Name: `${name}-${zone}` } },
        // Without its way out the NAT gateway fails to start.
        { ...parent, dependsOn: [publicTable.route] },
      );
    }

    function createPrivateSubnet({ zone, privateCidr }: ZoneSubnets, index: number) {
      const subnet = new aws.ec2.Subnet(
        `${name}-private-${zone}`,
        {
          vpcId: vpc.id,
          cidrBlock: privateCidr,
          availabilityZone: zone,
          tags: { Name: `${name}-private-${zone}` },
        },
        parent,
      );
      const table = privateTables[Math.min(index, privateTables.length - 1)];
      const association = new aws.ec2.RouteTableAssociation(
        `${name}-private-${zone}`,
        { subnetId: subnet.id, routeTableId: table?.routeTable.id ?? "" },
        parent,
      );
      return { subnet, association };
    }

    function createS3Endpoint() {
      return new aws.ec2.VpcEndpoint(
        `${name}-s3`,
        {
          vpcId: vpc.id,
          serviceName: `com.amazonaws.${args.region}.s3`,
          vpcEndpointType: "Gateway",
          // Weights are the largest thing that moves; through NAT each gigabyte would be charged.
          routeTableIds: privateTables.map(({ routeTable }) => routeTable.id),
          tags: { Name: `${name}-s3` },
        },
        parent,
      );
    }
  }
}

export interface AdoptedNetworkArgs {
  vpcId: string;
  subnetIds: string[];
  publicSubnetIds: string[];
}

/** An existing VPC. Nothing in it is made, tagged or changed: nodes and load balancers get its subnets by id. */
export class AdoptedNetwork extends pulumi.ComponentResource implements NetworkShape {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: pulumi.Output<string>;
  readonly privateSubnetIds: pulumi.Output<string>[];
  readonly publicSubnetIds: pulumi.Output<string>[];
  readonly routes: pulumi.Resource[] = [];
  readonly privateSubnetsIn: NetworkShape["privateSubnetsIn"];

  constructor(name: string, args: AdoptedNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:AdoptedNetwork", name, {}, opts);

    this.vpcId = pulumi.output(args.vpcId);
    this.cidr = aws.ec2.getVpcOutput({ id: args.vpcId }, { parent: this }).cidrBlock;
    this.privateSubnetIds = args.subnetIds.map((id) => pulumi.output(id));
    this.publicSubnetIds = args.publicSubnetIds.map((id) => pulumi.output(id));
    this.privateSubnetsIn = (zone) =>
      pulumi
        .all(args.subnetIds.map((id) => aws.ec2.getSubnetOutput({ id }, { parent: this })))
        .apply((subnets) => subnets.filter(({ availabilityZone }) => availabilityZone === zone).map(({ id }) => id));
    this.registerOutputs({});
  }
}
