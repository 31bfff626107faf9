import { PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, type DescribeInstancesCommandOutput } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, CreateNodegroupCommand, DescribeNodegroupCommand } from "@aws-sdk/client-eks";
import { CreateRoleCommand, ListRolePoliciesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateTopicCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { type Clients, clients } from "../../guard/clients";
import { Guard } from "../../guard/guard";
import { LAUNCHED_TAG } from "../../guard/instances";
import { guardPolicy } from "../../guard/policy";
import { type GuardSettings, guardStateParameter, USE_METRIC } from "../../guard/settings";
import { GPU_POOL_TAG, STACK_TAG } from "../../guard/tags";
import { items, type Props, text } from "../../rehearsal/doubles/aws/table";
import { type AwsStage, WHERE } from "./aws-stage";

/*
 * Stacks as the guard sees them, in one account: cluster, steady node group, Karpenter's role, state and topic; and the guard
 * of each with the credentials of a role that carries exactly its policy.
 */

const IMAGE = "ami-12c6146b";
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
});
/** What the steady group has before anything is switched off. */
export const STEADY = { minSize: 0, desiredSize: 2, maxSize: 3 };
export const SECRET = { accessKeyId: "rehearsal", secretAccessKey: "rehearsal" };
const HOUR = 3600;

export interface GuardedStack {
  readonly settings: GuardSettings;
  readonly karpenter: string;
  /** With the guard's own credentials, at a time. */
  readonly guard: (now: Date, settings?: Partial<GuardSettings>) => Guard;
  /** With the guard's, and with Karpenter's credentials. */
  readonly asGuard: Clients;
  readonly asKarpenter: Clients;
  /** The guard sees this instance as started then: all are started now, and the hours pass on its clock alone. */
  readonly started: (id: string, when: Date) => void;
  /** Starts an instance with these tags, which Karpenter, EKS or somebody else would do. */
  readonly start: (type: string, tags: Readonly<Record<string, string>>) => Promise<string>;
  readonly elastic: (type?: string) => Promise<string>;
  readonly steady: () => Promise<string>;
  /** One value a minute, over the seconds before a time. */
  readonly use: (id: string, percent: number, seconds: number, until: Date) => Promise<void>;
  readonly sizes: () => Promise<unknown>;
  readonly policies: () => Promise<string[]>;
  readonly state: () => Promise<Props>;
  readonly setState: (value: string) => Promise<void>;
  /** Subjects and texts since it was last asked. */
  readonly told: () => Promise<{ subject: string; text: string }[]>;
}

export const later = (seconds: number) => new Date(Date.now() + seconds * 1000);

/** States of all instances in the account, by id. */
export async function instanceStates(on: AwsStage): Promise<Record<string, string>> {
  const { Reservations } = await on.call("ec2", "DescribeInstances", {});
  const all = items(Reservations).flatMap(({ Instances }) => items(Instances));
  return Object.fromEntries(all.map((one) => [text(one, "InstanceId"), text(one, "State.Name")]));
}

async function assumed(on: AwsStage, roleName: string): Promise<Clients> {
  const RoleArn = `arn:aws:iam::${WHERE.account}:role/${roleName}`;
  const { Credentials } = await on.call("sts", "AssumeRole", { RoleArn, RoleSessionName: "test" });
  return clients({
    region: WHERE.region,
    endpoint: on.aws.url,
    credentials: {
      accessKeyId: text(Credentials, "AccessKeyId"),
      secretAccessKey: text(Credentials, "SecretAccessKey"),
      sessionToken: text(Credentials, "SessionToken"),
    },
  });
}

/** Has the launch times of these instances in what EC2 answers. */
function showLaunches({ ec2 }: Clients, launches: ReadonlyMap<string, Date>): void {
  const send = ec2.send.bind(ec2) as (command: unknown) => Promise<DescribeInstancesCommandOutput>;
  ec2.send = async (command: unknown) => {
    const answer = await send(command);
    if (!(command instanceof DescribeInstancesCommand)) return answer;
    for (const { Instances = [] } of answer.Reservations ?? [])
      for (const one of Instances) one.LaunchTime = launches.get(one.InstanceId ?? "") ?? one.LaunchTime;
    return answer;
  };
}

export async function guardedStack(on: AwsStage, short: string): Promise<GuardedStack> {
  const admin = clients({ region: WHERE.region, endpoint: on.aws.url, credentials: SECRET });
  const stack = `pilotlight-${short}`;
  const karpenter = `${stack}-karpenter`;
  const { region, account: accountId } = WHERE;
  const role = async (RoleName: string, policy: unknown) => {
    await admin.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    const PolicyDocument = JSON.stringify(policy);
    await admin.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument }));
  };
  const launches = { Sid: "Launch", Effect: "Allow", Action: ["ec2:RunInstances", "ec2:CreateFleet"], Resource: "*" };
  await role(karpenter, { Version: "2012-10-17", Statement: [launches] });

  const roleArn = `arn:aws:iam::${accountId}:role/${karpenter}`;
  const subnets = await on.call("ec2", "DescribeSubnets", {});
  const subnet = text(subnets, "Subnets.0.SubnetId");
  const vpc = { subnetIds: [subnet] };
  await admin.eks.send(new CreateClusterCommand({ name: stack, roleArn, resourcesVpcConfig: vpc }));
  const groupArn = async (nodegroupName: string) => {
    const answer = await admin.eks.send(
      new CreateNodegroupCommand({
        clusterName: stack,
        nodegroupName,
        nodeRole: roleArn,
        subnets: [subnet],
        scalingConfig: STEADY,
      }),
    );
    return answer.nodegroup?.nodegroupArn ?? "";
  };
  const nodeGroup = "steady-gpus";
  const nodeGroupArns = [await groupArn(nodeGroup)];
  await groupArn("system");

  const stateParameter = guardStateParameter(stack);
  await admin.ssm.send(new PutParameterCommand({ Name: stateParameter, Value: "{}", Type: "String" }));
  const topicArn = (await admin.sns.send(new CreateTopicCommand({ Name: stack }))).TopicArn ?? "";
  const { QueueUrl } = await on.call("sqs", "CreateQueue", { QueueName: stack });
  const queue = `arn:aws:sqs:${region}:${accountId}:${stack}`;
  await admin.sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: queue }));

  const guardRole = `${stack}-spend-guard`;
  const where = { partition: "aws", region, accountId };
  await role(
    guardRole,
    guardPolicy({ ...where, stack, launchRole: karpenter, stateParameter, topicArn, nodeGroupArns }),
  );
  const asGuard = await assumed(on, guardRole);
  const startedAt = new Map<string, Date>();
  showLaunches(asGuard, startedAt);
  const asKarpenter = await assumed(on, karpenter);

  const settings: GuardSettings = {
    stack,
    stackShort: short,
    launchRole: karpenter,
    stateParameter,
    topicArn,
    limitUsdPerHour: 1000,
    prices: { "g6e.xlarge": 2, "p5.48xlarge": 60 },
    pools: {
      l40s: { idleSeconds: 2 * HOUR, unseenSeconds: 12 * HOUR },
      fixed: { nodeGroup, idleSeconds: 2 * HOUR },
    },
  };
  const start = async (InstanceType: string, tags: Readonly<Record<string, string>>) => {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const TagSpecifications = [{ ResourceType: "instance", Tags }];
    const ask = { ImageId: IMAGE, InstanceType, MinCount: 1, MaxCount: 1, TagSpecifications };
    return text(await on.call("ec2", "RunInstances", ask), "Instances.0.InstanceId");
  };
  return {
    settings,
    karpenter,
    asGuard,
    asKarpenter,
    guard: (now, more = {}) => new Guard(asGuard, { ...settings, ...more }, () => now),
    started: (id, when) => void startedAt.set(id, when),
    start,
    elastic: (type = "g6e.xlarge") =>
      start(type, { [STACK_TAG]: stack, [GPU_POOL_TAG]: "l40s", [LAUNCHED_TAG]: "l40s" }),
    steady: () => start("p5.48xlarge", { [STACK_TAG]: stack, [GPU_POOL_TAG]: "fixed" }),
    use: async (id, percent, seconds, until) => {
      const MetricData = Array.from({ length: Math.floor(seconds / 60) }, (_, minute) => ({
        MetricName: USE_METRIC.name,
        Dimensions: [
          { Name: USE_METRIC.dimensions[0], Value: stack },
          { Name: USE_METRIC.dimensions[1], Value: id },
        ],
        Timestamp: new Date(until.getTime() - (minute + 1) * 60_000),
        Value: percent,
      }));
      await admin.cloudWatch.send(new PutMetricDataCommand({ Namespace: USE_METRIC.namespace, MetricData }));
    },
    sizes: async () => {
      const sizeOf = async (nodegroupName: string) =>
        (await admin.eks.send(new DescribeNodegroupCommand({ clusterName: stack, nodegroupName }))).nodegroup
          ?.scalingConfig;
      return { gpu: await sizeOf(nodeGroup), system: await sizeOf("system") };
    },
    policies: async () =>
      (await admin.iam.send(new ListRolePoliciesCommand({ RoleName: karpenter }))).PolicyNames?.sort() ?? [],
    state: async () => {
      const { Parameter } = await admin.ssm.send(new GetParameterCommand({ Name: stateParameter }));
      return JSON.parse(Parameter?.Value ?? "");
    },
    setState: async (Value) => {
      await admin.ssm.send(new PutParameterCommand({ Name: stateParameter, Value, Type: "String", Overwrite: true }));
    },
    told: async () => {
      const { Messages } = await on.call("sqs", "ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
      for (const { ReceiptHandle } of items(Messages))
        await on.call("sqs", "DeleteMessage", { QueueUrl, ReceiptHandle });
      return items(Messages).map((one) => {
        const { Subject, Message } = JSON.parse(text(one, "Body"));
        return { subject: Subject, text: Message };
      });
    },
  };
}
