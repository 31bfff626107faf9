import { describe, expect, test } from "vitest";
import { AdoptedNetwork, Network, type NetworkArgs, type NetworkShape } from "../../components/network";
import { find, known, names, type Registered, register } from "../harness";
import { creationOrder, Marker } from "../order";

const args = (change: Partial<NetworkArgs> = {}): NetworkArgs => ({
  cidr: "10.40.0.0/16",
  zones: ["us-east-1a", "us-east-1b"],
  nat: "one",
  region: "us-east-1",
  ...change,
});
const build = (change?: Partial<NetworkArgs>) => register(() => new Network("net", args(change)));
const inputs = (seen: Registered[], type: string, name: string) => find(seen, `aws:ec2/${type}`, name).inputs;
const natsOf = (seen: Registered[]) => names(seen).filter(([type]) => type === "aws:ec2/natGateway:NatGateway");

describe("Network", () => {
  test("with one NAT gateway, registers exactly these resources", async () => {
    expect(names(await build())).toEqual([
      ["aws:ec2/eip:Eip", "net-nat-us-east-1a"],
      ["aws:ec2/internetGateway:InternetGateway", "net"],
      ["aws:ec2/natGateway:NatGateway", "net-us-east-1a"],
      ["aws:ec2/route:Route", "net-private-out"],
      ["aws:ec2/route:Route", "net-public-out"],
      ["aws:ec2/routeTable:RouteTable", "net-private"],
      ["aws:ec2/routeTable:RouteTable", "net-public"],
      ["aws:ec2/routeTableAssociation:RouteTableAssociation", "net-private-us-east-1a"],
      ["aws:ec2/routeTableAssociation:RouteTableAssociation", "net-private-us-east-1b"],
      ["aws:ec2/routeTableAssociation:RouteTableAssociation", "net-public-us-east-1a"],
      ["aws:ec2/routeTableAssociation:RouteTableAssociation", "net-public-us-east-1b"],
      ["aws:ec2/subnet:Subnet", "net-private-us-east-1a"],
      ["aws:ec2/subnet:Subnet", "net-private-us-east-1b"],
      ["aws:ec2/subnet:Subnet", "net-public-us-east-1a"],
      ["aws:ec2/subnet:Subnet", "net-public-us-east-1b"],
      ["aws:ec2/vpc:Vpc", "net"],
      ["aws:ec2/vpcEndpoint:VpcEndpoint", "net-s3"],
      ["pilotlight:index:Network", "net"],
    ]);
  });

  test("with a NAT gateway per zone, each private subnet goes out through its own zone's", async () => {
    const zones = ["us-east-1a", "us-east-1b", "us-east-1c"];
    const seen = await build({ zones, nat: "per-zone" });
    expect(natsOf(seen)).toHaveLength(3);
    for (const zone of zones) {
      expect(inputs(seen, "natGateway:NatGateway", `net-${zone}`)).toMatchObject({
        subnetId: `net-public-${zone}-id`,
        allocationId: `net-nat-${zone}-id`,
      });
      expect(inputs(seen, "route:Route", `net-private-${zone}-out`)).toEqual({
        routeTableId: `net-private-${zone}-id`,
        destinationCidrBlock: "0.0.0.0/0",
        natGatewayId: `net-${zone}-id`,
      });
      expect(inputs(seen, "routeTableAssociation:RouteTableAssociation", `net-private-${zone}`)).toEqual({
        subnetId: `net-private-${zone}-id`,
        routeTableId: `net-private-${zone}-id`,
      });
    }
  });

  test("with one NAT gateway, both private subnets share its route; public ones go straight out", async () => {
    const seen = await build();
    for (const zone of ["us-east-1a", "us-east-1b"]) {
      const table = (name: string) => inputs(seen, "routeTableAssociation:RouteTableAssociation", name).routeTableId;
      expect(table(`net-private-${zone}`)).toBe("net-private-id");
      expect(table(`net-public-${zone}`)).toBe("net-public-id");
    }
    expect(inputs(seen, "route:Route", "net-public-out")).toMatchObject({ gatewayId: "net-id" });
  });

  test("S3 is reached from every private subnet without a NAT gateway, and no subnet gives out public addresses", async () => {
    const seen = await build({ nat: "per-zone" });
    expect(inputs(seen, "vpcEndpoint:VpcEndpoint", "net-s3")).toMatchObject({
      serviceName: "com.amazonaws.us-east-1.s3",
      vpcEndpointType: "Gateway",
      routeTableIds: ["net-private-us-east-1a-id", "net-private-us-east-1b-id"],
    });
    for (const { inputs: subnet } of seen.filter(({ type }) => type === "aws:ec2/subnet:Subnet"))
      expect(subnet).not.toHaveProperty("mapPublicIpOnLaunch");
  });

  test("pods and load balancers get names: the VPC resolves", async () => {
    expect(inputs(await build(), "vpc:Vpc", "net")).toMatchObject({
      cidrBlock: "10.40.0.0/16",
      enableDnsHostnames: true,
      enableDnsSupport: true,
    });
  });

  test("knows the private subnets of a zone", async () => {
    expect(await known(() => new Network("net", args()).privateSubnetsIn("us-east-1b"))).toEqual([
      "net-private-us-east-1b-id",
    ]);
    expect(await known(() => new Network("net", args()).privateSubnetsIn("us-east-1f"))).toEqual([]);
  });

  test("the NAT gateway comes after its way out, and what waits for the routes waits for all of it", async () => {
    const order = await creationOrder(() => {
      const { routes } = new Network("net", args());
      new Marker("late", routes);
    });
    expect(order.waits("NatGateway net-us-east-1a", "Route net-public-out")).toBe(true);
    expect(order.waits("Eip net-nat-us-east-1a", "InternetGateway net")).toBe(true);
    for (const part of [
      "NatGateway net-us-east-1a",
      "RouteTableAssociation net-private-us-east-1b",
      "RouteTableAssociation net-public-us-east-1b",
      "VpcEndpoint net-s3",
      "InternetGateway net",
    ])
      expect(order.waits("Marker late", part), part).toBe(true);
  });
});

describe("AdoptedNetwork", () => {
  const adopt = (): NetworkShape =>
    new AdoptedNetwork("net", {
      vpcId: "vpc-0a",
      subnetIds: ["subnet-1", "subnet-2"],
      publicSubnetIds: ["subnet-3"],
    });

  test("makes nothing", async () => {
    expect(names(await register(adopt))).toEqual([["pilotlight:index:AdoptedNetwork", "net"]]);
  });

  test("hands on what it was given, and asks AWS for the range and the zones", async () => {
    expect(
      await known(() => {
        const { vpcId, cidr, privateSubnetIds, publicSubnetIds } = adopt();
        return { vpcId, cidr, privateSubnetIds, publicSubnetIds };
      }),
    ).toEqual({
      vpcId: "vpc-0a",
      cidr: "10.9.0.0/16",
      privateSubnetIds: ["subnet-1", "subnet-2"],
      publicSubnetIds: ["subnet-3"],
    });
    expect(await known(() => adopt().privateSubnetsIn("us-east-1a"))).toEqual(["subnet-1", "subnet-2"]);
    expect(await known(() => adopt().privateSubnetsIn("us-east-1b"))).toEqual([]);
  });
});
