import { afterAll, beforeAll, expect, test } from "vitest";
import { seedOf } from "../../rehearsal/doubles/aws";
import { type Props, props } from "../../rehearsal/doubles/aws/table";
import { type AwsStage, startStage, WHERE } from "./aws-stage";

/*
 * What an account has before a stack comes, and what data sources tell of it.
 */

const BOUNDARY = "arn:aws:iam::111122223333:policy/teams/ml/boundary";
const ADMIN = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef";
const SETTINGS = {
  "aws:region": "eu-central-1",
  "pilotlight:cluster": { zones: ["eu-central-1a", "eu-central-1c"], admins: [ADMIN] },
  "pilotlight:network": {
    adopt: {
      vpcId: "vpc-0a1b2c3d",
      subnetIds: ["subnet-0a", "subnet-0b"],
      publicSubnetIds: ["subnet-0c", "subnet-0d"],
    },
  },
  "pilotlight:permissionsBoundary": BOUNDARY,
  "pilotlight:endpoint": { zone: "example.com" },
};
const HERE = { ...WHERE, region: "eu-central-1", account: "111122223333" };

let stage: AwsStage;
const look = (name: string, args: Props = {}) => stage.double.lookUp(`aws:${name}`, args, HERE);

beforeAll(async () => {
  const seed = seedOf(SETTINGS);
  stage = await startStage(seed.account);
  await stage.aws.seed(seed);
});
afterAll(() => stage?.close());

test("what was there before is no leftover", async () => {
  expect(await stage.aws.leftovers()).toEqual({ left: [], allowed: [] });
});

test("an adopted network is found under its own ids", async () => {
  expect(await look("ec2/getVpc:getVpc", { id: "vpc-0a1b2c3d" })).toMatchObject({
    id: "vpc-0a1b2c3d",
    cidrBlock: "10.64.0.0/16",
    region: "eu-central-1",
    state: "available",
  });
  const zones = ["subnet-0a", "subnet-0b", "subnet-0c", "subnet-0d"].map(async (id) => {
    const { vpcId, availabilityZone } = await look("ec2/getSubnet:getSubnet", { id });
    return [vpcId, availabilityZone];
  });
  expect(await Promise.all(zones)).toEqual([
    ["vpc-0a1b2c3d", "eu-central-1a"],
    ["vpc-0a1b2c3d", "eu-central-1c"],
    ["vpc-0a1b2c3d", "eu-central-1a"],
    ["vpc-0a1b2c3d", "eu-central-1c"],
  ]);
  await expect(look("ec2/getVpc:getVpc", { id: "vpc-0ffffff0" })).rejects.toThrow(/InvalidVpcID\.NotFound/);
  await expect(look("ec2/getSubnet:getSubnet", { id: "subnet-0e" })).rejects.toThrow(/InvalidSubnetID\.NotFound/);
});

test("the zone, and no other, is found", async () => {
  const zone = await look("route53/getZone:getZone", { name: "example.com" });
  expect(zone).toMatchObject({ name: "example.com", privateZone: false });
  expect(await look("route53/getZone:getZone", { zoneId: zone.zoneId })).toMatchObject({ name: "example.com" });
  await expect(look("route53/getZone:getZone", { name: "example.org" })).rejects.toThrow(
    'no Route 53 zone has the name "example.org"',
  );
  await expect(look("route53/getZone:getZone", { name: "example.com", privateZone: true })).rejects.toThrow(
    'no Route 53 zone has the name "example.com"',
  );
});

test("data sources tell of account, partition, region and its zones", async () => {
  expect((await look("index/getCallerIdentity:getCallerIdentity")).accountId).toBe("111122223333");
  expect((await look("index/getPartition:getPartition")).partition).toBe("aws");
  expect((await look("index/getRegion:getRegion")).description).toBe("Europe (Frankfurt)");
  const zones = await look("index/getAvailabilityZones:getAvailabilityZones", { state: "available" });
  expect(zones.names).toEqual(["eu-central-1a", "eu-central-1b", "eu-central-1c"]);
  expect((await look("lb/getHostedZoneId:getHostedZoneId")).id).toBe("Z215JYRZR1TBD5");
  await expect(look("lb/getHostedZoneId:getHostedZoneId", { loadBalancerType: "network" })).rejects.toThrow(
    'not of type "network"',
  );
  expect((await look("eks/getClusters:getClusters")).names).toEqual([]);
});

test("a role can have the boundary, and the administrator is known", async () => {
  const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
  const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const role = await stage.create("aws:iam/role:Role", "bound", { assumeRolePolicy, permissionsBoundary: BOUNDARY });
  expect(role.outs.arn).toBe(`arn:aws:iam::111122223333:role/${role.id}`);
  const admin = await stage.call("iam", "GetRole", { RoleName: ADMIN.split("/").at(-1) });
  expect(props(admin.Role).Arn).toBe(ADMIN);
  expect((await stage.aws.leftovers()).left).toEqual([{ kind: "role", id: role.id }]);
});
