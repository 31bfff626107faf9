import { afterAll, beforeAll, expect, test } from "vitest";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { AwsNetwork, PASSWORD, trust } from "./aws-network";
import { WHERE } from "./aws-stage";

/*
 * The double of AWS against the real moto: what AWS would refuse is refused, with AWS's code and the value at fault.
 */

let net: AwsNetwork;
beforeAll(async () => {
  net = await AwsNetwork.create();
});
afterAll(() => net?.stage.close());

const addon = (more: Props): Props => ({ clusterName: "c1", addonName: "coredns", ...more });
const nodes = (more: Props): Props => ({
  clusterName: "c1",
  nodeRoleArn: net.arn("node"),
  subnetIds: net.subnets(),
  scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 1 },
  ...more,
});
const subnet = (more: Props): Props => ({ vpcId: net.id("vpc"), cidrBlock: "10.0.2.0/24", ...more });
const role = (more: Props): Props => ({ assumeRolePolicy: trust("ec2.amazonaws.com"), ...more });
const identity = (more: Props): Props => ({ clusterName: "c1", namespace: "a", serviceAccount: "b", ...more });

/** What is refused, as which resource, with which inputs, and what the message must say. */
const REFUSED: readonly [string, string, () => Props, RegExp][] = [
  [
    "a subnet outside its VPC",
    "ec2/subnet:Subnet",
    () => subnet({ cidrBlock: "10.9.0.0/24" }),
    /InvalidSubnet\.Range: The CIDR '10\.9\.0\.0\/24' is invalid/,
  ],
  [
    "a subnet in another's range",
    "ec2/subnet:Subnet",
    () => subnet({ cidrBlock: "10.0.1.128/25" }),
    /InvalidSubnet\.Conflict: .*10\.0\.1\.128\/25/,
  ],
  [
    "a range with host bits",
    "ec2/subnet:Subnet",
    () => subnet({ cidrBlock: "10.0.2.5/24" }),
    /it has host bits set, use 10\.0\.2\.0\/24/,
  ],
  [
    "a subnet in a zone of another region",
    "ec2/subnet:Subnet",
    () => subnet({ availabilityZone: "us-west-2a" }),
    /us-west-2a.*not in us-east-1/,
  ],
  [
    "a subnet in a zone that is not there",
    "ec2/subnet:Subnet",
    () => subnet({ availabilityZone: "us-east-1z" }),
    /us-east-1z/,
  ],
  [
    "a second NAT gateway on one address",
    "ec2/natGateway:NatGateway",
    () => ({ subnetId: net.id("subnet-b"), allocationId: net.id("address") }),
    /Resource\.AlreadyAssociated/,
  ],
  [
    "a cluster with a role that does not exist",
    "eks/cluster:Cluster",
    () => ({ name: "c2", roleArn: "arn:aws:iam::123456789012:role/none", vpcConfig: { subnetIds: net.subnets() } }),
    /The role with name none cannot be found/,
  ],
  [
    "a cluster in one zone",
    "eks/cluster:Cluster",
    () => ({ name: "c2", roleArn: net.arn("eks"), vpcConfig: { subnetIds: [net.id("subnet-a")] } }),
    /at least two different AZs, they are in us-east-1a/,
  ],
  [
    "nodes of a type their zones do not offer",
    "eks/nodeGroup:NodeGroup",
    () => nodes({ instanceTypes: ["p5en.48xlarge"] }),
    /p5en\.48xlarge is not offered in us-east-1b/,
  ],
  [
    "nodes of a type that does not exist",
    "eks/nodeGroup:NodeGroup",
    () => nodes({ instanceTypes: ["m99.large"] }),
    /do not exist: \[m99\.large\]/,
  ],
  [
    "fewer nodes than the minimum",
    "eks/nodeGroup:NodeGroup",
    () => nodes({ scalingConfig: { minSize: 2, desiredSize: 1, maxSize: 3 } }),
    /desired capacity 1 must be between minimum 2 and maximum 3/,
  ],
  [
    "a launch template that is not there",
    "eks/nodeGroup:NodeGroup",
    () => nodes({ launchTemplate: { id: "lt-0123456789abcdef0", version: "1" } }),
    /lt-0123456789abcdef0 does not exist/,
  ],
  [
    "a launch template's unknown instance type",
    "ec2/launchTemplate:LaunchTemplate",
    () => ({ instanceType: "g6e.xlrge" }),
    /"g6e.xlrge" is not one of \d+ values; near: /,
  ],
  [
    "an add-on that is none",
    "eks/addon:Addon",
    () => addon({ addonName: "kube-dns" }),
    /Addon kube-dns specified is not supported/,
  ],
  [
    "a version no add-on has",
    "eks/addon:Addon",
    () => addon({ addonVersion: "1.13.2" }),
    /Addon version specified is not supported: 1\.13\.2 for coredns/,
  ],
  [
    "settings of an add-on that are not JSON",
    "eks/addon:Addon",
    () => addon({ configurationValues: "{" }),
    /ConfigurationValue is not valid JSON/,
  ],
  [
    "pods of a role that does not trust them",
    "eks/podIdentityAssociation:PodIdentityAssociation",
    () => identity({ roleArn: net.arn("node") }),
    /does not allow pods\.eks\.amazonaws\.com sts:AssumeRole/,
  ],
  [
    "access for a role that does not exist",
    "eks/accessEntry:AccessEntry",
    () => ({ clusterName: "c1", principalArn: "arn:aws:iam::123456789012:role/none" }),
    /none cannot be found/,
  ],
  [
    "a policy that is not JSON",
    "iam/rolePolicy:RolePolicy",
    () => ({ role: net.id("node"), policy: "{Version:" }),
    /MalformedPolicyDocument: PolicyDocument is not valid JSON/,
  ],
  [
    "a statement without an action",
    "iam/policy:Policy",
    () => ({ policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}' }),
    /Statement\[0\] has no Action/,
  ],
  [
    "a trust policy without a version",
    "iam/role:Role",
    () => ({ assumeRolePolicy: '{"Statement":[]}' }),
    /needs a Version/,
  ],
  [
    "a boundary that does not exist",
    "iam/role:Role",
    () => role({ permissionsBoundary: "arn:aws:iam::123456789012:policy/none" }),
    /NoSuchEntity: Scope ARN: .*policy\/none/,
  ],
  [
    "a managed policy that AWS does not have",
    "iam/rolePolicyAttachment:RolePolicyAttachment",
    () => ({ role: net.id("node"), policyArn: "arn:aws:iam::aws:policy/AmazonEKSNothing" }),
    /NoSuchEntity: .*AmazonEKSNothing/,
  ],
  [
    "a session longer than AWS allows",
    "iam/role:Role",
    () => role({ maxSessionDuration: 90_000 }),
    /MaxSessionDuration: value 90000 is above the largest allowed, 43200/,
  ],
  [
    "a value outside its enumeration",
    "eks/nodeGroup:NodeGroup",
    () => nodes({ capacityType: "CHEAP" }),
    /capacityType: "CHEAP" is not one of ON_DEMAND, SPOT, CAPACITY_BLOCK/,
  ],
  [
    "a member that AWS's model lacks",
    "eks/nodeGroup:NodeGroup",
    () => nodes({ updateConfig: { maxUnavailble: 1 } }),
    /Unknown parameter in updateConfig: "maxUnavailble"/,
  ],
  [
    "a database without a network of its own",
    "rds/instance:Instance",
    () => net.database({ dbSubnetGroupName: "none" }),
    /DBSubnetGroup not found: none/,
  ],
  [
    "database subnets in one zone",
    "rds/subnetGroup:SubnetGroup",
    () => ({ subnetIds: [net.id("subnet-a")] }),
    /at least 2 zones/,
  ],
  [
    "a target that is not there",
    "cloudwatch/eventTarget:EventTarget",
    () => ({ rule: "none", arn: "arn:aws:sqs:us-east-1:123456789012:none" }),
    /Target queue .*none does not exist/,
  ],
];

test.each(REFUSED)("refuses %s", async (_what, type, given, message) => {
  await expect(net.stage.create(`aws:${type}`, "refused", given())).rejects.toThrow(message);
});

test("knows no type, input, data source, service or call but those it has", async () => {
  await expect(net.stage.create("aws:sagemaker/endpoint:Endpoint", "e", {})).rejects.toThrow(
    'the AWS double does not know the resource type "aws:sagemaker/endpoint:Endpoint": add a row for it',
  );
  await expect(net.stage.create("aws:ec2/vpc:Vpc", "v", { cidrBlock: "10.0.0.0/16", ipamPoolId: "p" })).rejects.toThrow(
    'the AWS double has no row for the input "ipamPoolId" of aws:ec2/vpc:Vpc: add it to rehearsal/doubles/aws/services',
  );
  await expect(net.stage.double.lookUp("aws:ec2/getAmi:getAmi", {}, WHERE)).rejects.toThrow(
    'the AWS double does not know the data source "aws:ec2/getAmi:getAmi": add it to lookups.ts',
  );
  await expect(net.stage.double.lookUp("aws:ec2/getVpc:getVpc", { default: true }, WHERE)).rejects.toThrow(
    "the AWS double cannot look up aws:ec2/getVpc:getVpc by default: add it to lookups.ts",
  );
  await expect(net.stage.call("skynet", "Wake", {})).rejects.toThrow('AWS has no service "skynet"');
  await expect(net.stage.call("eks", "PaintCluster", {})).rejects.toThrow('eks has no operation "PaintCluster"');
  await expect(net.stage.call("pilotlight", "Fly", {})).rejects.toThrow('pilotlight has no operation "Fly"');
});

test("never repeats a secret", async () => {
  const wrong = net.database({ password: `${PASSWORD} with spaces`, identifier: "second" });
  const error = await net.stage.create("aws:rds/instance:Instance", "second", wrong).catch((caught: Error) => caught);
  expect(String(error)).toMatch(/MasterUserPassword is not valid/);
  const mistyped = { SecretId: "s", SecretString: { value: PASSWORD } };
  const refused = await net.stage.call("secretsmanager", "PutSecretValue", mistyped).catch((caught: Error) => caught);
  expect(String(refused)).toMatch(/Invalid type for parameter SecretString/);
  for (const text of [String(error), String(refused), net.stage.log(), net.stage.notes.join("\n")]) {
    expect(text).not.toContain(PASSWORD);
  }
});
