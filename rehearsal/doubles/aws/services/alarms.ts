import { type Change, items, list, type Props, pairs, service, type Table, text, type Where } from "../table";

/*
 * Where people are told of alarms and spending, and what tells them.
 */

const budgets = service("budgets");
const cloudwatch = service("cloudwatch");
const sns = service("sns");

const setTopic = (id: string, name: string, value: Props[string]) =>
  sns("SetTopicAttributes", { TopicArn: id, AttributeName: name, AttributeValue: value ?? "" });

const alarmOf = (i: Props): Props => ({
  AlarmName: i.name,
  AlarmDescription: i.alarmDescription,
  Namespace: i.namespace,
  MetricName: i.metricName,
  Dimensions: pairs(i.dimensions, "Name"),
  Statistic: i.statistic,
  Period: i.period,
  EvaluationPeriods: i.evaluationPeriods,
  Threshold: i.threshold,
  ComparisonOperator: i.comparisonOperator,
  TreatMissingData: i.treatMissingData,
  AlarmActions: i.alarmActions,
  OKActions: i.okActions,
});
const putAlarm = ({ now }: Change) => [cloudwatch("PutMetricAlarm", alarmOf(now))];
const ALARM_INPUTS = [
  "alarmDescription",
  "namespace",
  "metricName",
  "dimensions",
  "statistic",
  "period",
  "evaluationPeriods",
  "threshold",
  "comparisonOperator",
  "treatMissingData",
  "alarmActions",
  "okActions",
];

const budgetOf = (i: Props, { account }: Where): Props => ({
  AccountId: account,
  Budget: {
    BudgetName: i.name,
    BudgetType: i.budgetType,
    TimeUnit: i.timeUnit,
    BudgetLimit: { Amount: i.limitAmount, Unit: i.limitUnit },
    CostFilters: Object.fromEntries(items(i.costFilters).map((filter) => [text(filter, "name"), list(filter.values)])),
  },
  NotificationsWithSubscribers: items(i.notifications).map((told) => ({
    Notification: {
      NotificationType: told.notificationType,
      ComparisonOperator: told.comparisonOperator,
      Threshold: told.threshold,
      ThresholdType: told.thresholdType,
    },
    Subscribers: [
      ...list(told.subscriberEmailAddresses).map((Address) => ({ SubscriptionType: "EMAIL", Address })),
      ...list(told.subscriberSnsTopicArns).map((Address) => ({ SubscriptionType: "SNS", Address })),
    ],
  })),
  ResourceTags: i.tags ? pairs(i.tags) : undefined,
});
const deleteBudget = (name: Props[string], { account }: Where) =>
  budgets("DeleteBudget", { AccountId: account, BudgetName: name });
// moto 5.2.5 has no UpdateBudget: the same budget anew.
const putBudget = ({ now }: Change, where: Where) => [
  deleteBudget(now.name, where),
  budgets("CreateBudget", budgetOf(now, where)),
];

export const alarms: Table = {
  "aws:sns/topic:Topic": {
    autoname: { field: "name", prefix: "namePrefix", max: 256 },
    replaces: ["name", "namePrefix"],
    updates: {
      kmsMasterKeyId: ({ id, now }) => [setTopic(id, "KmsMasterKeyId", now.kmsMasterKeyId)],
      displayName: ({ id, now }) => [setTopic(id, "DisplayName", now.displayName)],
    },
    tags: {
      set: (id, _state, tags) => sns("TagResource", { ResourceArn: id, Tags: pairs(tags) }),
      unset: (id, _state, keys) => sns("UntagResource", { ResourceArn: id, TagKeys: keys }),
    },
    create: (i) =>
      sns("CreateTopic", {
        Name: i.name,
        Attributes: { KmsMasterKeyId: i.kmsMasterKeyId, DisplayName: i.displayName },
        ...(i.tags ? { Tags: pairs(i.tags) } : {}),
      }),
    id: (answer) => text(answer, "TopicArn"),
    outs: (id, _i, _answers, where) => ({ arn: id, owner: where.account }),
    exists: (id) => sns("GetTopicAttributes", { TopicArn: id }),
    remove: (id) => [sns("DeleteTopic", { TopicArn: id })],
  },

  "aws:sns/topicPolicy:TopicPolicy": {
    replaces: ["arn"],
    updates: { policy: ({ id, now }) => [setTopic(id, "Policy", now.policy)] },
    create: (i) => setTopic(text(i, "arn"), "Policy", i.policy),
    id: (_answer, i) => text(i, "arn"),
    outs: (_id, _i, _answers, where) => ({ owner: where.account }),
    exists: (id) => sns("GetTopicAttributes", { TopicArn: id }),
    // The provider puts back the policy that a topic begins with.
    remove: (id, _state, { account }) => [setTopic(id, "Policy", ownersAlone(id, account))],
  },

  "aws:sns/topicSubscription:TopicSubscription": {
    defaults: { confirmationTimeoutInMinutes: 1, endpointAutoConfirms: false, rawMessageDelivery: false },
    replaces: ["topic", "protocol", "endpoint"],
    local: ["confirmationTimeoutInMinutes", "endpointAutoConfirms", "rawMessageDelivery"],
    create: (i) =>
      sns("Subscribe", { TopicArn: i.topic, Protocol: i.protocol, Endpoint: i.endpoint, ReturnSubscriptionArn: true }),
    id: (answer) => text(answer, "SubscriptionArn"),
    outs: (id, _i, _answers, where) => ({ arn: id, ownerId: where.account, pendingConfirmation: true }),
    exists: (id) => sns("GetSubscriptionAttributes", { SubscriptionArn: id }),
    remove: (id) => [sns("Unsubscribe", { SubscriptionArn: id })],
  },

  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    autoname: { field: "name", max: 255 },
    defaults: { treatMissingData: "missing" },
    replaces: ["name"],
    updates: Object.fromEntries(ALARM_INPUTS.map((input) => [input, putAlarm])),
    tags: {
      set: (_id, state, tags) => cloudwatch("TagResource", { ResourceARN: state.arn, Tags: pairs(tags) }),
      unset: (_id, state, keys) => cloudwatch("UntagResource", { ResourceARN: state.arn, TagKeys: keys }),
    },
    create: (i) => cloudwatch("PutMetricAlarm", { ...alarmOf(i), ...(i.tags ? { Tags: pairs(i.tags) } : {}) }),
    id: (_answer, i) => text(i, "name"),
    outs: (id, _i, _answers, where) => ({
      arn: `arn:${where.partition}:cloudwatch:${where.region}:${where.account}:alarm:${id}`,
    }),
    exists: (id) => cloudwatch("DescribeAlarms", { AlarmNames: [id] }),
    alive: (answer) => list(answer.MetricAlarms).length > 0,
    remove: (id) => [cloudwatch("DeleteAlarms", { AlarmNames: [id] })],
  },

  "aws:budgets/budget:Budget": {
    autoname: { field: "name", prefix: "namePrefix", max: 100 },
    replaces: ["name", "namePrefix"],
    updates: {
      budgetType: putBudget,
      timeUnit: putBudget,
      limitAmount: putBudget,
      limitUnit: putBudget,
      costFilters: putBudget,
      notifications: putBudget,
    },
    tags: {
      set: (_id, state, tags) => budgets("TagResource", { ResourceARN: state.arn, ResourceTags: pairs(tags) }),
      unset: (_id, state, keys) => budgets("UntagResource", { ResourceARN: state.arn, ResourceTagKeys: keys }),
    },
    create: (i, where) => budgets("CreateBudget", budgetOf(i, where)),
    id: (_answer, i, { account }) => `${account}:${text(i, "name")}`,
    outs: (_id, i, _answers, where) => ({
      arn: `arn:${where.partition}:budgets::${where.account}:budget/${text(i, "name")}`,
      accountId: where.account,
    }),
    exists: (_id, state, { account }) => budgets("DescribeBudget", { AccountId: account, BudgetName: state.name }),
    remove: (_id, state, where) => [deleteBudget(state.name, where)],
  },
};

const ownersAlone = (arn: string, account: string): string =>
  JSON.stringify({
    Version: "2008-10-17",
    Statement: [
      {
        Sid: "Owner",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
        Resource: arn,
        Condition: { StringEquals: { "AWS:SourceOwner": account } },
      },
    ],
  });
