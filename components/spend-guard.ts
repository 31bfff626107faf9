import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { guardPolicy } from "../guard/policy";
import {
  type GuardedPool,
  type GuardRequest,
  type GuardSettings,
  guardFunctionName,
  guardStateParameter,
  SETTINGS_VARIABLE,
} from "../guard/settings";
import { STACK_TAG } from "../guard/tags";
import { CHECK_MINUTES } from "../guard/times";
import type { AlarmTopic } from "./alarm-topic";
import { GuardAlarms } from "./guard-alarms";
import { GUARD_HANDLER } from "./guard-bundle";
import { mayInvoke, mayLog, trustLambda, trustScheduler } from "./guard-policies";

/** What the guard goes by, without the names that AWS gives. */
export type SpendRules = Pick<GuardSettings, "leaseSeconds" | "limitUsdPerHour" | "prices"> & {
  readonly pools: Readonly<Record<string, Omit<GuardedPool, "nodeGroup">>>;
};

export interface SpendGuardArgs {
  /** The stack's name in AWS, and as a user writes it. */
  stack: string;
  stackShort: string;
  partition: pulumi.Input<string>;
  region: string;
  accountId: pulumi.Input<string>;
  rules: SpendRules;
  /** Name of Karpenter's role, if there is one. */
  launchRole?: pulumi.Input<string>;
  /** Managed node groups of the steady pools, by pool. */
  nodeGroups: Readonly<Record<string, Pick<aws.eks.NodeGroup, "nodeGroupName" | "arn">>>;
  /** Where it speaks to people. */
  alarms: AlarmTopic;
  /** Addresses that hear of the budget. */
  emails: readonly string[];
  /** US dollars a month at which AWS Budgets tells, if at all. */
  monthlyBudgetUsd?: number;
  /** The function: guard-bundle.ts makes it. */
  code: pulumi.asset.Archive;
  permissionsBoundary?: string;
}

const LOG_RETENTION_DAYS = 30;
/** A check asks a handful of APIs, each with retries of its own, and ends long before the next. */
const TIMEOUT_SECONDS = 120;
/** The CPU comes with the memory: with less, the SDK alone takes seconds to load. */
const MEMORY_MB = 512;
const CHECK: GuardRequest = { action: "check" };
/** What nobody has checked yet. */
const EMPTY_STATE = "{}";

/**
 * Ends leases, idle GPU nodes and spending past a limit, from outside of the cluster: what runs in a cluster stops with it.
 * It comes after the node groups and Karpenter's role, so a destroy takes it away first and is not fought by it.
 */
export class SpendGuard extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function;

  constructor(name: string, args: SpendGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:SpendGuard", name, {}, opts);
    const parent = { parent: this };
    const { stack, alarms, permissionsBoundary } = args;
    const functionName = guardFunctionName(stack);
    const launchRole = pulumi.output(args.launchRole);

    const state = createState();
    const log = createLog();
    const role = createRole();
    const guard = createFunction();
    const once = createOnce();
    const schedule = createSchedule();
    new GuardAlarms(name, { functionName: guard.name, topic: alarms, after: [schedule] }, parent);
    if (args.monthlyBudgetUsd !== undefined) createBudget(args.monthlyBudgetUsd);

    this.function = guard;
    this.registerOutputs({});

    function createState() {
      return new aws.ssm.Parameter(
        name,
        {
          name: guardStateParameter(stack),
          type: "String",
          value: EMPTY_STATE,
          description: `Spend guard of ${stack}`,
        },
        // The guard's own from then on: an `up` that wrote it would forget a lease, or that GPUs are off.
        { ...parent, ignoreChanges: ["value"] },
      );
    }

    // Made before the function, which may not make it; gone after it.
    function createLog() {
      return new aws.cloudwatch.LogGroup(
        name,
        { name: `/aws/lambda/${functionName}`, retentionInDays: LOG_RETENTION_DAYS },
        parent,
      );
    }

    function createRole() {
      const made = new aws.iam.Role(name, { assumeRolePolicy: trustLambda, permissionsBoundary }, parent);
      const nodeGroupArns = pulumi.all(Object.values(args.nodeGroups).map(({ arn }) => arn));
      const policy = pulumi
        .all([args.partition, args.accountId, launchRole, state.name, alarms.topic.arn, alarms.keyArn, nodeGroupArns])
        .apply(([partition, accountId, role, stateParameter, topicArn, topicKeyArn, groups]) =>
          JSON.stringify(
            guardPolicy({
              partition,
              region: args.region,
              accountId,
              stack,
              launchRole: role,
              stateParameter,
              topicArn,
              topicKeyArn,
              nodeGroupArns: groups,
            }),
          ),
        );
      return {
        arn: made.arn,
        policies: [
          new aws.iam.RolePolicy(name, { role: made.name, policy }, parent),
          new aws.iam.RolePolicy(`${name}-log`, { role: made.name, policy: log.arn.apply(mayLog) }, parent),
        ],
      };
    }

    function createFunction() {
      return new aws.lambda.Function(
        name,
        {
          name: functionName,
          description: `Ends leases, idle GPU nodes and spending past the limit of ${stack}`,
          role: role.arn,
          runtime: "nodejs22.x",
          architectures: ["arm64"],
          handler: GUARD_HANDLER,
          code: args.code,
          memorySize: MEMORY_MB,
          timeout: TIMEOUT_SECONDS,
          environment: { variables: { [SETTINGS_VARIABLE]: createSettings() } },
        },
        { ...parent, dependsOn: [...role.policies, ...alarms.ready] },
      );
    }

    // A check that fails is not started again before the next one: it would send its mails and take its steps once more.
    function createOnce() {
      return new aws.lambda.FunctionEventInvokeConfig(
        name,
        { functionName: guard.name, maximumRetryAttempts: 0 },
        parent,
      );
    }

    function createSettings(): pulumi.Output<string> {
      const names = Object.entries(args.nodeGroups).map(([pool, { nodeGroupName }]) =>
        nodeGroupName.apply((group) => [pool, group] as const),
      );
      const { pools, ...rules } = args.rules;
      return pulumi
        .all([launchRole, state.name, alarms.topic.arn, pulumi.all(names)])
        .apply(([role, stateParameter, topicArn, groups]) => {
          const nodeGroups = Object.fromEntries(groups);
          const settings: GuardSettings = {
            stack,
            stackShort: args.stackShort,
            launchRole: role,
            stateParameter,
            topicArn,
            ...rules,
            pools: Object.fromEntries(
              Object.entries(pools).map(([pool, rule]) => [pool, { ...rule, nodeGroup: nodeGroups[pool] }]),
            ),
          };
          return JSON.stringify(settings);
        });
    }

    function createSchedule() {
      const group = new aws.scheduler.ScheduleGroup(name, { name: functionName }, parent);
      const caller = new aws.iam.Role(
        `${name}-schedule`,
        {
          assumeRolePolicy: pulumi
            .all([args.accountId, group.arn])
            .apply(([accountId, groupArn]) => trustScheduler(accountId, groupArn)),
          permissionsBoundary,
        },
        parent,
      );
      const policy = new aws.iam.RolePolicy(
        `${name}-schedule`,
        { role: caller.name, policy: guard.arn.apply(mayInvoke) },
        parent,
      );
      return new aws.scheduler.Schedule(
        name,
        {
          name: functionName,
          groupName: group.name,
          description: `Checks the spending of ${stack}`,
          scheduleExpression: `rate(${CHECK_MINUTES} minutes)`,
          flexibleTimeWindow: { mode: "OFF" },
          target: {
            arn: guard.arn,
            roleArn: caller.arn,
            input: JSON.stringify(CHECK),
            // What could not be delivered by the next check is worth nothing.
            retryPolicy: { maximumEventAgeInSeconds: CHECK_MINUTES * 60, maximumRetryAttempts: 2 },
          },
        },
        { ...parent, dependsOn: [policy, once] },
      );
    }

    // The late backstop: bills lag by hours. The addresses are told by Budgets itself as well, which asks for no
    // confirmation, so that one who never clicked still hears of it.
    function createBudget(usd: number) {
      const told = { subscriberEmailAddresses: [...args.emails], subscriberSnsTopicArns: [alarms.topic.arn] };
      const above = { comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE", ...told };
      return new aws.budgets.Budget(
        name,
        {
          name: stack,
          budgetType: "COST",
          timeUnit: "MONTHLY",
          limitAmount: `${usd}`,
          limitUnit: "USD",
          costFilters: [{ name: "TagKeyValue", values: [`user:${STACK_TAG}$${stack}`] }],
          notifications: [
            { ...above, notificationType: "FORECASTED", threshold: 80 },
            { ...above, notificationType: "ACTUAL", threshold: 100 },
          ],
        },
        // Budgets tries the topic before it accepts it.
        { ...parent, dependsOn: alarms.ready },
      );
    }
  }
}
