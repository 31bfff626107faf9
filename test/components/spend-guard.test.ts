import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { AlarmTopic } from "../../components/alarm-topic";
import { SpendGuard, type SpendGuardArgs } from "../../components/spend-guard";
import { guardPolicy } from "../../guard/policy";
import { readSettings } from "../../guard/read-settings";
import { SETTINGS_VARIABLE } from "../../guard/settings";
import { find, names, type Registered, register } from "../harness";
import { creationOrder } from "../order";

const ARN = "arn:aws:mock:us-east-1:123456789012";
const BOUNDARY = "arn:aws:iam::123456789012:policy/boundary";

function make(more: Partial<SpendGuardArgs> = {}) {
  const karpenter = new aws.iam.Role("karpenter", { assumeRolePolicy: "{}" });
  const group = new aws.eks.NodeGroup("h100", {
    clusterName: "kit",
    nodeRoleArn: "role",
    nodeGroupName: "h100-1a2b",
    subnetIds: [],
    scalingConfig: { minSize: 0, desiredSize: 1, maxSize: 1 },
  });
  return new SpendGuard("guard", {
    stack: "pilotlight-dev",
    stackShort: "dev",
    partition: "aws",
    region: "us-east-1",
    accountId: "123456789012",
    rules: {
      leaseSeconds: 43_200,
      limitUsdPerHour: 40,
      prices: { "g6e.xlarge": 1.861, "p5.4xlarge": 6.88 },
      pools: { l40s: { idleSeconds: 7200, unseenSeconds: 43_200 }, h100: {} },
    },
    launchRole: karpenter.name,
    nodeGroups: { h100: group },
    alarms: new AlarmTopic("guard-alarms", {
      stack: "pilotlight-dev",
      partition: "aws",
      accountId: "123456789012",
      emails: ["ops@example.com"],
    }),
    emails: ["ops@example.com"],
    code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset("code") }),
    ...more,
  });
}

const inputs = (seen: Registered[], type: string, name = "guard") => find(seen, type, name).inputs;
const policyOf = (seen: Registered[], name: string) =>
  JSON.parse(String(inputs(seen, "aws:iam/rolePolicy:RolePolicy", name).policy));
const trustOf = (seen: Registered[], name: string) =>
  JSON.parse(String(inputs(seen, "aws:iam/role:Role", name).assumeRolePolicy));

describe("SpendGuard", () => {
  test("registers exactly these resources", async () => {
    const seen = names(await register(() => make({ monthlyBudgetUsd: 5000 })));
    expect(seen.filter(([, name]) => name.startsWith("guard"))).toEqual([
      ["aws:budgets/budget:Budget", "guard"],
      ["aws:cloudwatch/logGroup:LogGroup", "guard"],
      ["aws:cloudwatch/metricAlarm:MetricAlarm", "guard-errors"],
      ["aws:cloudwatch/metricAlarm:MetricAlarm", "guard-silent"],
      ["aws:iam/role:Role", "guard"],
      ["aws:iam/role:Role", "guard-schedule"],
      ["aws:iam/rolePolicy:RolePolicy", "guard"],
      ["aws:iam/rolePolicy:RolePolicy", "guard-log"],
      ["aws:iam/rolePolicy:RolePolicy", "guard-schedule"],
      ["aws:kms/alias:Alias", "guard-alarms"],
      ["aws:kms/key:Key", "guard-alarms"],
      ["aws:lambda/function:Function", "guard"],
      ["aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "guard"],
      ["aws:scheduler/schedule:Schedule", "guard"],
      ["aws:scheduler/scheduleGroup:ScheduleGroup", "guard"],
      ["aws:sns/topic:Topic", "guard-alarms"],
      ["aws:sns/topicPolicy:TopicPolicy", "guard-alarms"],
      ["aws:sns/topicSubscription:TopicSubscription", "guard-alarms-ops@example.com"],
      ["aws:ssm/parameter:Parameter", "guard"],
      ["pilotlight:index:AlarmTopic", "guard-alarms"],
      ["pilotlight:index:GuardAlarms", "guard"],
      ["pilotlight:index:SpendGuard", "guard"],
    ]);
  });

  test("the function, and what the guard reads of its settings", async () => {
    const seen = await register(() => make());
    const { environment, code, ...rest } = inputs(seen, "aws:lambda/function:Function");
    expect(rest).toEqual({
      name: "pilotlight-dev-spend-guard",
      description: "Ends leases, idle GPU nodes and spending past the limit of pilotlight-dev",
      role: `${ARN}:guard`,
      runtime: "nodejs22.x",
      architectures: ["arm64"],
      handler: "index.handler",
      memorySize: 512,
      timeout: 120,
    });
    const { variables } = environment as { variables: NodeJS.ProcessEnv };
    expect(Object.keys(variables)).toEqual([SETTINGS_VARIABLE]);
    expect(readSettings(variables)).toEqual({
      stack: "pilotlight-dev",
      stackShort: "dev",
      launchRole: "karpenter",
      stateParameter: "/pilotlight/pilotlight-dev/spend-guard",
      topicArn: `${ARN}:guard-alarms`,
      leaseSeconds: 43_200,
      limitUsdPerHour: 40,
      prices: { "g6e.xlarge": 1.861, "p5.4xlarge": 6.88 },
      pools: { l40s: { idleSeconds: 7200, unseenSeconds: 43_200 }, h100: { nodeGroup: "h100-1a2b" } },
    });
  });

  test("without an elastic pool there is no role to deny launches to", async () => {
    const seen = await register(() => make({ launchRole: undefined, nodeGroups: {} }));
    const { environment } = inputs(seen, "aws:lambda/function:Function");
    expect(readSettings((environment as { variables: NodeJS.ProcessEnv }).variables).launchRole).toBeUndefined();
    expect(policyOf(seen, "guard").Statement.map(({ Sid }: { Sid: string }) => Sid)).not.toContain(
      "DenyAndAllowLaunches",
    );
  });

  test("its rights: the guard's own of exactly this stack's things, and its log without making one", async () => {
    const seen = await register(() => make());
    expect(policyOf(seen, "guard")).toEqual(
      guardPolicy({
        partition: "aws",
        region: "us-east-1",
        accountId: "123456789012",
        stack: "pilotlight-dev",
        launchRole: "karpenter",
        stateParameter: "/pilotlight/pilotlight-dev/spend-guard",
        topicArn: `${ARN}:guard-alarms`,
        topicKeyArn: `${ARN}:guard-alarms`,
        nodeGroupArns: [`${ARN}:h100`],
      }),
    );
    expect(policyOf(seen, "guard-log").Statement).toEqual([
      {
        Sid: "WriteOwnLog",
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: `${ARN}:guard:*`,
      },
    ]);
    expect(trustOf(seen, "guard").Statement).toEqual([
      {
        Sid: "RunTheGuard",
        Effect: "Allow",
        Principal: { Service: ["lambda.amazonaws.com"] },
        Action: ["sts:AssumeRole"],
      },
    ]);
    expect(inputs(seen, "aws:cloudwatch/logGroup:LogGroup")).toEqual({
      name: "/aws/lambda/pilotlight-dev-spend-guard",
      retentionInDays: 30,
    });
  });

  test("both roles have the boundary that the account asks for", async () => {
    const seen = await register(() => make({ permissionsBoundary: BOUNDARY }));
    for (const name of ["guard", "guard-schedule"])
      expect(inputs(seen, "aws:iam/role:Role", name).permissionsBoundary, name).toBe(BOUNDARY);
  });

  test("every five minutes a check, by a role that calls this function alone, for this group alone", async () => {
    const seen = await register(() => make());
    expect(inputs(seen, "aws:scheduler/schedule:Schedule")).toEqual({
      name: "pilotlight-dev-spend-guard",
      groupName: "pilotlight-dev-spend-guard",
      description: "Checks the spending of pilotlight-dev",
      scheduleExpression: "rate(5 minutes)",
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: `${ARN}:guard`,
        roleArn: `${ARN}:guard-schedule`,
        input: '{"action":"check"}',
        retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 2 },
      },
    });
    expect(policyOf(seen, "guard-schedule").Statement).toEqual([
      { Sid: "InvokeTheGuard", Effect: "Allow", Action: ["lambda:InvokeFunction"], Resource: `${ARN}:guard` },
    ]);
    expect(trustOf(seen, "guard-schedule").Statement).toEqual([
      {
        Sid: "KeepTheSchedule",
        Effect: "Allow",
        Principal: { Service: ["scheduler.amazonaws.com"] },
        Action: ["sts:AssumeRole"],
        Condition: {
          StringEquals: { "aws:SourceAccount": "123456789012" },
          ArnEquals: { "aws:SourceArn": `${ARN}:guard` },
        },
      },
    ]);
  });

  test("Lambda starts no check again", async () => {
    const seen = await register(() => make());
    expect(inputs(seen, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")).toEqual({
      functionName: "pilotlight-dev-spend-guard",
      maximumRetryAttempts: 0,
    });
  });

  test("its failure and its silence ring, the silence where Lambda says nothing too", async () => {
    const seen = await register(() => make());
    const alarm = {
      namespace: "AWS/Lambda",
      dimensions: { FunctionName: "pilotlight-dev-spend-guard" },
      statistic: "Sum",
      period: 900,
      evaluationPeriods: 1,
      threshold: 1,
      alarmActions: [`${ARN}:guard-alarms`],
      okActions: [`${ARN}:guard-alarms`],
      alarmDescription: expect.any(String),
    };
    expect(inputs(seen, "aws:cloudwatch/metricAlarm:MetricAlarm", "guard-errors")).toEqual({
      ...alarm,
      name: "pilotlight-dev-spend-guard-errors",
      metricName: "Errors",
      comparisonOperator: "GreaterThanOrEqualToThreshold",
      treatMissingData: "notBreaching",
    });
    expect(inputs(seen, "aws:cloudwatch/metricAlarm:MetricAlarm", "guard-silent")).toEqual({
      ...alarm,
      name: "pilotlight-dev-spend-guard-silent",
      metricName: "Invocations",
      comparisonOperator: "LessThanThreshold",
      treatMissingData: "breaching",
    });
  });

  test("a budget is of what carries the stack's tag, tells early and late, and there is none unasked", async () => {
    const seen = await register(() => make({ monthlyBudgetUsd: 5000 }));
    const told = {
      comparisonOperator: "GREATER_THAN",
      thresholdType: "PERCENTAGE",
      subscriberEmailAddresses: ["ops@example.com"],
      subscriberSnsTopicArns: [`${ARN}:guard-alarms`],
    };
    expect(inputs(seen, "aws:budgets/budget:Budget")).toEqual({
      name: "pilotlight-dev",
      budgetType: "COST",
      timeUnit: "MONTHLY",
      limitAmount: "5000",
      limitUnit: "USD",
      costFilters: [{ name: "TagKeyValue", values: ["user:pilotlight:stack$pilotlight-dev"] }],
      notifications: [
        { ...told, notificationType: "FORECASTED", threshold: 80 },
        { ...told, notificationType: "ACTUAL", threshold: 100 },
      ],
    });
    expect(names(await register(() => make())).map(([type]) => type)).not.toContain("aws:budgets/budget:Budget");
  });

  test("on destroy its alarms go before its calls, those before the function, that before its rights and its log", async () => {
    const order = await creationOrder(() => make({ monthlyBudgetUsd: 5000 }));
    for (const [first, last] of [
      ["MetricAlarm guard-silent", "Schedule guard"],
      ["Schedule guard", "Function guard"],
      ["Schedule guard", "FunctionEventInvokeConfig guard"],
      ["Schedule guard", "RolePolicy guard-schedule"],
      ["Function guard", "RolePolicy guard"],
      ["Function guard", "LogGroup guard"],
      ["Function guard", "Parameter guard"],
      ["Function guard", "Role karpenter"],
      ["Function guard", "NodeGroup h100"],
      ["Budget guard", "TopicPolicy guard-alarms"],
    ] as const)
      expect(order.waits(first, last), `${first} after ${last}`).toBe(true);
  });
});
