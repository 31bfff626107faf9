import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { items, list, type Props, text } from "../../rehearsal/doubles/aws/table";
import { type AwsStage, type Made, startStage, WHERE } from "./aws-stage";

/*
 * The spend guard's parts in the double of AWS: what AWS refuses, what a change does, and what keeps a role from going.
 */

const trust = (service: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
const DENY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Action: "ec2:RunInstances", Resource: "*" }],
});
const archive = (code: string) => ({ assets: { "index.js": { text: code } } });

let stage: AwsStage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage?.close());

const roleOf = (name: string, service: string, more: Props = {}) =>
  stage.create("aws:iam/role:Role", name, { assumeRolePolicy: trust(service), ...more });
const remove = ({ type, name, id, outs }: Made) => stage.double.delete({ type, name, id }, outs, WHERE);
const change = async ({ type, name, id, inputs, outs, ...rest }: Made, more: Props): Promise<Made> => {
  const now = { ...inputs, ...more };
  const changed = await stage.double.update({ type, name, id }, inputs, now, outs, WHERE);
  return { ...rest, type, name, id, inputs: now, outs: changed };
};

describe("a role with a policy that nobody told Pulumi of", () => {
  const denied = async (made: Made) => {
    await stage.call("iam", "PutRolePolicy", { RoleName: made.id, PolicyName: "gpu-off", PolicyDocument: DENY });
    return made;
  };

  test("stays, as IAM refuses to delete it", async () => {
    const made = await denied(await roleOf("kept", "pods.eks.amazonaws.com"));
    await expect(remove(made)).rejects.toThrow(/DeleteConflict: Cannot delete entity, must delete policies first/);
    await stage.call("iam", "DeleteRolePolicy", { RoleName: made.id, PolicyName: "gpu-off" });
    await remove(made);
  });

  test("goes with it where forceDetachPolicies says so", async () => {
    await remove(await denied(await roleOf("forced", "pods.eks.amazonaws.com", { forceDetachPolicies: true })));
    expect((await stage.aws.leftovers()).left).toEqual([]);
  });
});

describe("the function", () => {
  const given = (role: Made, more: Props = {}) => ({
    name: "guard",
    role: role.outs.arn,
    runtime: "nodejs22.x",
    architectures: ["arm64"],
    handler: "index.handler",
    code: archive("exports.handler = () => 1;"),
    environment: { variables: { SETTINGS: "{}" } },
    ...more,
  });

  test("wants a role that Lambda may take, and at most 4 KB of variables", async () => {
    const stranger = await roleOf("stranger", "ec2.amazonaws.com");
    await expect(stage.create("aws:lambda/function:Function", "guard", given(stranger))).rejects.toThrow(
      /InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda/,
    );
    const role = await roleOf("right", "lambda.amazonaws.com");
    const environment = { variables: { SETTINGS: "x".repeat(4096) } };
    await expect(stage.create("aws:lambda/function:Function", "guard", given(role, { environment }))).rejects.toThrow(
      /exceeded the 4KB limit: 4104 bytes/,
    );
    await remove(stranger);
    await remove(role);
  });

  test("takes other code and other settings in place", async () => {
    const role = await roleOf("right", "lambda.amazonaws.com");
    const made = await stage.create("aws:lambda/function:Function", "guard", given(role));
    const seen = async () =>
      (await stage.call("lambda", "GetFunction", { FunctionName: "guard" })).Configuration as Props;
    const before = await seen();
    const coded = await change(made, { code: archive("exports.handler = () => 2;") });
    expect((await seen()).CodeSha256).not.toBe(before.CodeSha256);
    expect(coded.outs.codeSha256).toBe((await seen()).CodeSha256);
    const set = await change(coded, { timeout: 60, environment: { variables: { SETTINGS: '{"a":1}' } } });
    expect(await seen()).toMatchObject({ Timeout: 60, Environment: { Variables: { SETTINGS: '{"a":1}' } } });
    await remove(set);
    await remove(role);
  });
});

test("how often Lambda starts a call again is changed in place, and goes with the setting", async () => {
  const CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig";
  const role = await roleOf("right", "lambda.amazonaws.com");
  const guard = await stage.create("aws:lambda/function:Function", "guard", {
    name: "guard",
    role: role.outs.arn,
    runtime: "nodejs22.x",
    handler: "index.handler",
    code: archive("exports.handler = () => 1;"),
  });
  const seen = () => stage.call("lambda", "GetFunctionEventInvokeConfig", { FunctionName: "guard" });
  await expect(stage.create(CONFIG, "guard", { functionName: "guard", maximumRetryAttempts: 3 })).rejects.toThrow(
    /ValidationException: .*value 3 is above the largest allowed, 2/,
  );
  const made = await stage.create(CONFIG, "guard", { functionName: "guard", maximumRetryAttempts: 0 });
  expect(await seen()).toMatchObject({ MaximumRetryAttempts: 0 });
  const changed = await change(made, { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 300 });
  expect(await seen()).toMatchObject({ MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 300 });
  await remove(changed);
  await expect(seen()).rejects.toThrow(/ResourceNotFoundException/);
  for (const one of [guard, role]) await remove(one);
});

describe("the schedule", () => {
  test("wants a group, and a role that the scheduler may take", async () => {
    const role = await roleOf("caller", "scheduler.amazonaws.com");
    const stranger = await roleOf("stranger", "lambda.amazonaws.com");
    const arn = "arn:aws:lambda:us-east-1:123456789012:function:guard";
    const given = (roleArn: Props[string]) => ({
      name: "check",
      groupName: "guard",
      scheduleExpression: "rate(5 minutes)",
      flexibleTimeWindow: { mode: "OFF" },
      target: { arn, roleArn, input: "{}", retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 2 } },
    });
    const create = (roleArn: Props[string]) => stage.create("aws:scheduler/schedule:Schedule", "check", given(roleArn));
    await expect(create(role.outs.arn)).rejects.toThrow(
      /ResourceNotFoundException: Schedule group guard does not exist/,
    );
    const group = await stage.create("aws:scheduler/scheduleGroup:ScheduleGroup", "guard", { name: "guard" });
    await expect(create(stranger.outs.arn)).rejects.toThrow(
      /ValidationException: The execution role you provide must allow AWS EventBridge Scheduler to assume the role/,
    );
    const made = await change(await create(role.outs.arn), { scheduleExpression: "rate(10 minutes)" });
    const found = await stage.call("scheduler", "GetSchedule", { GroupName: "guard", Name: "check" });
    expect(found).toMatchObject({
      ScheduleExpression: "rate(10 minutes)",
      Target: { RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 2 } },
    });
    for (const one of [made, group, role, stranger]) await remove(one);
  });
});

describe("the budget", () => {
  const given = (topic: Made, more: Props = {}) => ({
    name: "kit",
    budgetType: "COST",
    timeUnit: "MONTHLY",
    limitAmount: "100",
    limitUnit: "USD",
    costFilters: [{ name: "TagKeyValue", values: ["user:pilotlight:stack$kit"] }],
    notifications: [
      {
        comparisonOperator: "GREATER_THAN",
        threshold: 80,
        thresholdType: "PERCENTAGE",
        notificationType: "FORECASTED",
        subscriberEmailAddresses: ["ops@example.com"],
        subscriberSnsTopicArns: [topic.id],
      },
    ],
    ...more,
  });
  const create = (inputs: Props) => stage.create("aws:budgets/budget:Budget", "kit", inputs);

  test("wants a topic that lets it publish, and filters by tags as bills have them", async () => {
    const topic = await stage.create("aws:sns/topic:Topic", "alarms", { name: "alarms" });
    await expect(create(given(topic))).rejects.toThrow(
      /InvalidParameterException: .* does not let budgets\.amazonaws\.com publish/,
    );
    const Statement = [
      { Effect: "Allow", Principal: { Service: "budgets.amazonaws.com" }, Action: "sns:Publish", Resource: topic.id },
    ];
    const policy = await stage.create("aws:sns/topicPolicy:TopicPolicy", "alarms", {
      arn: topic.id,
      policy: JSON.stringify({ Version: "2012-10-17", Statement }),
    });
    const bare = given(topic, { costFilters: [{ name: "TagKeyValue", values: ["pilotlight:stack=kit"] }] });
    await expect(create(bare)).rejects.toThrow(/takes values like user:Key\$value, not pilotlight:stack=kit/);

    const made = await change(await create(given(topic)), { limitAmount: "200" });
    const all = await stage.call("budgets", "DescribeBudgets", { AccountId: WHERE.account });
    expect(items(all.Budgets)).toMatchObject([
      {
        BudgetName: "kit",
        BudgetLimit: { Amount: "200", Unit: "USD" },
        CostFilters: { TagKeyValue: ["user:pilotlight:stack$kit"] },
      },
    ]);
    for (const one of [made, policy, topic]) await remove(one);
  });
});

test("addresses, alarms and state go as they came", async () => {
  const topic = await stage.create("aws:sns/topic:Topic", "alarms", { name: "alarms" });
  const address = { topic: topic.id, protocol: "email", endpoint: "ops@example.com" };
  const asked = await stage.create("aws:sns/topicSubscription:TopicSubscription", "ops", address);
  const state = { name: "/kit/guard", type: "String", value: "{}" };
  const parameter = await stage.create("aws:ssm/parameter:Parameter", "guard", state);
  const alarm = await stage.create("aws:cloudwatch/metricAlarm:MetricAlarm", "silent", {
    name: "silent",
    namespace: "AWS/Lambda",
    metricName: "Invocations",
    dimensions: { FunctionName: "guard" },
    statistic: "Sum",
    period: 900,
    evaluationPeriods: 1,
    threshold: 1,
    comparisonOperator: "LessThanThreshold",
    treatMissingData: "breaching",
    alarmActions: [topic.id],
  });
  const { left } = await stage.aws.leftovers();
  expect(left.map(({ kind }) => kind).sort()).toEqual(["alarm", "parameter", "subscription", "topic"]);
  const described = await stage.call("cloudwatch", "DescribeAlarms", { AlarmNames: ["silent"] });
  expect(items(described.MetricAlarms).map((one) => [text(one, "TreatMissingData"), list(one.AlarmActions)])).toEqual([
    ["breaching", [topic.id]],
  ]);
  for (const one of [alarm, parameter, asked, topic]) await remove(one);
  expect((await stage.aws.leftovers()).left).toEqual([]);
});

test("a steady node carries the tags of its launch template, and none of its group's", async () => {
  const subnets = items((await stage.call("ec2", "DescribeSubnets", {})).Subnets).slice(0, 2);
  const cluster = await roleOf("cluster", "eks.amazonaws.com");
  const node = await roleOf("node", "ec2.amazonaws.com");
  const subnetIds = subnets.map((one) => text(one, "SubnetId"));
  const made = [
    cluster,
    node,
    await stage.create("aws:eks/cluster:Cluster", "c", {
      name: "c",
      roleArn: cluster.outs.arn,
      vpcConfig: { subnetIds },
    }),
    await stage.create("aws:ec2/launchTemplate:LaunchTemplate", "steady", {
      tagSpecifications: [{ resourceType: "instance", tags: { "pilotlight:gpu-pool": "h100" } }],
    }),
  ];
  const template = { id: made.at(-1)?.id ?? "", version: "1" };
  const scalingConfig = { minSize: 0, desiredSize: 1, maxSize: 1 };
  const group = await stage.create("aws:eks/nodeGroup:NodeGroup", "steady", {
    clusterName: "c",
    nodeRoleArn: node.outs.arn,
    subnetIds,
    scalingConfig,
    launchTemplate: template,
    tags: { group: "only" },
  });
  const filter = { Name: "tag:pilotlight:gpu-pool", Values: ["h100"] };
  const found = await stage.call("ec2", "DescribeInstances", { Filters: [filter] });
  const [instance] = items(found.Reservations).flatMap((one) => items(one.Instances));
  expect(items(instance?.Tags).map(({ Key }) => Key)).toContain("eks:nodegroup-name");
  expect(items(instance?.Tags).map(({ Key }) => Key)).not.toContain("group");
  for (const one of [group, ...made.reverse()]) await remove(one);
});
