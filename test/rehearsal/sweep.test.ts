import { CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  type ResourceType,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateLoadBalancerCommand, CreateTargetGroupCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { STACK_TAG } from "../../guard/tags";
import { clientsOf, type Search } from "../../scripts/sweep-account";
import { alsoCommand, deleteCommand } from "../../scripts/sweep-command";
import { listStack, NOTHING_MANAGED } from "../../scripts/sweep-list";
import { logGroupNames } from "../../scripts/sweep-others";
import { AwsNetwork } from "./aws-network";

/*
 * The sweep with the real SDK, against the rehearsal's account: what another stack has stays.
 */

let net: AwsNetwork;
const searches = new Map<string, Search>();
beforeAll(async () => {
  net = await AwsNetwork.create();
});
afterAll(() => net?.stage.close());

function searchOf(stack: string): Search {
  const credentials = async () => ({ accessKeyId: "test", secretAccessKey: "test" });
  const aws = { region: "us-east-1", credentials, endpoint: net.stage.aws.url };
  const search = searches.get(stack) ?? { clients: clientsOf({ aws: aws }), region: aws.region, stack };
  searches.set(stack, search);
  return search;
}

/** One of each kind, and two security groups that let each other in. */
async function fill({ clients, stack }: Search): Promise<void> {
  const Tags = [{ Key: STACK_TAG, Value: stack }];
  const tagged = (type: ResourceType) => [{ ResourceType: type, Tags }];
  const [subnet = ""] = net.subnets();
  const VpcId = net.id("vpc");
  const groups: string[] = [];
  for (const name of ["a", "b"]) {
    const made = await clients.ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: `${stack}-${name}`,
        Description: name,
        VpcId,
        TagSpecifications: tagged("security-group"),
      }),
    );
    groups.push(made.GroupId ?? "");
  }
  const [a = "", b = ""] = groups;
  for (const [into, from] of [
    [a, b],
    [b, a],
  ])
    await clients.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: into,
        IpPermissions: [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: from }] }],
      }),
    );
  await clients.ec2.send(
    new RunInstancesCommand({
      ImageId: "ami-0123456789abcdef0",
      InstanceType: "g6e.xlarge",
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnet,
      SecurityGroupIds: [a],
      TagSpecifications: tagged("instance"),
    }),
  );
  await clients.ec2.send(
    new CreateNetworkInterfaceCommand({
      SubnetId: subnet,
      Groups: [b],
      TagSpecifications: tagged("network-interface"),
    }),
  );
  await clients.ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 10, TagSpecifications: tagged("volume") }),
  );
  await clients.balancers.send(
    new CreateLoadBalancerCommand({ Name: stack, Subnets: net.subnets(), SecurityGroups: [a], Tags }),
  );
  await clients.balancers.send(new CreateTargetGroupCommand({ Name: stack, Protocol: "HTTP", Port: 80, VpcId, Tags }));
  const [logGroupName] = logGroupNames(stack);
  await clients.logs.send(new CreateLogGroupCommand({ logGroupName, tags: { [STACK_TAG]: stack } }));
}

const kindsOf = async (search: Search) => (await listStack(search, NOTHING_MANAGED)).map(({ kind }) => kind.name);

const ALL = [
  "instance",
  "load balancer",
  "target group",
  "network interface",
  "security group",
  "security group",
  "volume",
  "log group",
];

test("a stack's things go in an order that works, and those of one with a longer name stay", async () => {
  const dev = searchOf("pilotlight-dev");
  const dev2 = searchOf("pilotlight-dev2");
  await fill(dev);
  await fill(dev2);
  expect(await kindsOf(dev)).toEqual(ALL);
  expect(await kindsOf(dev2)).toEqual(ALL);

  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const patience = { kindMs: 20_000, everyMs: 100 };
  expect(await deleteCommand({ search: dev, deployment: {}, say, patience }, async () => true)).toEqual([]);
  expect(said.at(-1)).toMatch(/^the account holds nothing of this stack \(pilotlight-dev\) that controllers leave: /);
  expect(await kindsOf(dev)).toEqual([]);
  expect(await kindsOf(dev2)).toEqual(ALL);
});

test("with no state left the network is named by AWS's index of tags, and stays", async () => {
  const search = searchOf("pilotlight-lost");
  const { clients, stack } = search;
  const Tags = [{ Key: STACK_TAG, Value: stack }];
  const { Vpc } = await clients.ec2.send(
    new CreateVpcCommand({ CidrBlock: "10.9.0.0/16", TagSpecifications: [{ ResourceType: "vpc", Tags }] }),
  );
  await clients.ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: "us-east-1a",
      Size: 10,
      TagSpecifications: [{ ResourceType: "volume", Tags }],
    }),
  );
  const say = vi.fn<(line: string) => void>();
  expect(await alsoCommand({ search, deployment: {}, say })).toBe(true);
  expect(say.mock.calls.flat()).toEqual([
    expect.stringMatching(
      new RegExp(`^ {2}also tagged: arn:aws:ec2:us-east-1:\\d+:vpc/${Vpc?.VpcId}, not deleted by sweep`),
    ),
    expect.stringContaining("index of tags"),
  ]);
});
