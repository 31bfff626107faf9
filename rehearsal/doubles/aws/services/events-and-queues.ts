import { items, type Props, pairs, pascal, props, service, type Table, text } from "../table";

const events = service("events");
const sqs = service("sqs");

const putRule = (inputs: Props) =>
  events("PutRule", {
    Name: inputs.name,
    EventBusName: inputs.eventBusName,
    EventPattern: inputs.eventPattern,
    ScheduleExpression: inputs.scheduleExpression,
    State: inputs.state ?? (inputs.isEnabled === false ? "DISABLED" : "ENABLED"),
    Description: inputs.description,
    RoleArn: inputs.roleArn,
  });

const putTarget = (inputs: Props) =>
  events("PutTargets", {
    Rule: inputs.rule,
    EventBusName: inputs.eventBusName,
    Targets: [
      {
        Id: inputs.targetId,
        Arn: inputs.arn,
        RoleArn: inputs.roleArn,
        Input: inputs.input,
        InputPath: inputs.inputPath,
        InputTransformer: inputs.inputTransformer,
        SqsParameters: inputs.sqsTarget ? pascal(inputs.sqsTarget) : undefined,
        RetryPolicy: inputs.retryPolicy ? pascal(inputs.retryPolicy) : undefined,
        DeadLetterConfig: inputs.deadLetterConfig ? pascal(inputs.deadLetterConfig) : undefined,
      },
    ],
  });

const removeTargets = (rule: Props[string], bus: Props[string], ids: readonly Props[string][]) =>
  events("RemoveTargets", { Rule: rule, EventBusName: bus, Ids: ids });

const changeRule = ({ now }: { now: Props }) => [putRule(now)];
const changeTarget = ({ now }: { now: Props }) => [putTarget(now)];

/** Queue attributes: AWS takes every one of them as text. */
const ATTRIBUTES: { readonly [input: string]: string } = {
  delaySeconds: "DelaySeconds",
  maxMessageSize: "MaximumMessageSize",
  messageRetentionSeconds: "MessageRetentionPeriod",
  receiveWaitTimeSeconds: "ReceiveMessageWaitTimeSeconds",
  visibilityTimeoutSeconds: "VisibilityTimeout",
  policy: "Policy",
  redrivePolicy: "RedrivePolicy",
  redriveAllowPolicy: "RedriveAllowPolicy",
  kmsMasterKeyId: "KmsMasterKeyId",
  kmsDataKeyReusePeriodSeconds: "KmsDataKeyReusePeriodSeconds",
  sqsManagedSseEnabled: "SqsManagedSseEnabled",
};

function attributes(inputs: Props): Props {
  const set = Object.entries(ATTRIBUTES).filter(([input]) => inputs[input] !== undefined && inputs[input] !== null);
  return Object.fromEntries(set.map(([input, attribute]) => [attribute, String(inputs[input])]));
}

const changeQueue = ({ id, now }: { id: string; now: Props }) => [
  sqs("SetQueueAttributes", { QueueUrl: id, Attributes: attributes(now) }),
];

export const eventsAndQueues: Table = {
  "aws:cloudwatch/eventRule:EventRule": {
    autoname: { field: "name", prefix: "namePrefix", max: 64 },
    replaces: ["name", "namePrefix", "eventBusName"],
    updates: {
      eventPattern: changeRule,
      scheduleExpression: changeRule,
      description: changeRule,
      state: changeRule,
      isEnabled: changeRule,
      roleArn: changeRule,
    },
    local: ["forceDestroy"],
    tags: {
      set: (_id, state, tags) => events("TagResource", { ResourceARN: state.arn, Tags: pairs(tags) }),
      unset: (_id, state, keys) => events("UntagResource", { ResourceARN: state.arn, TagKeys: keys }),
    },
    create: (i) => {
      const call = putRule(i);
      return i.tags ? { ...call, params: { ...call.params, Tags: pairs(i.tags) } } : call;
    },
    id: (_answer, i) => text(i, "name"),
    outs: (_id, i, [made]) => ({ arn: text(made, "RuleArn"), eventBusName: i.eventBusName ?? "default" }),
    exists: (id, state) => events("DescribeRule", { Name: id, EventBusName: state.eventBusName }),
    sweep: {
      when: "forceDestroy",
      list: (id) => events("ListTargetsByRule", { Rule: id }),
      each: (answer, id, state) => {
        const ids = items(answer.Targets).map((target) => target.Id);
        return ids.length > 0 ? [removeTargets(id, state.eventBusName, ids)] : [];
      },
    },
    remove: (id, state) => [events("DeleteRule", { Name: id, EventBusName: state.eventBusName })],
  },

  "aws:cloudwatch/eventTarget:EventTarget": {
    autoname: { field: "targetId", max: 64 },
    replaces: ["rule", "targetId", "eventBusName"],
    updates: {
      arn: changeTarget,
      roleArn: changeTarget,
      input: changeTarget,
      inputPath: changeTarget,
      inputTransformer: changeTarget,
      sqsTarget: changeTarget,
      retryPolicy: changeTarget,
      deadLetterConfig: changeTarget,
    },
    local: ["forceDestroy"],
    create: putTarget,
    id: (_answer, i) => `${text(i, "rule")}-${text(i, "targetId")}`,
    exists: (_id, state) => events("ListTargetsByRule", { Rule: state.rule, EventBusName: state.eventBusName }),
    alive: (answer) => items(answer.Targets).length > 0,
    remove: (_id, state) => [removeTargets(state.rule, state.eventBusName, [state.targetId])],
  },

  "aws:sqs/queue:Queue": {
    autoname: { field: "name", prefix: "namePrefix", max: 80 },
    replaces: ["name", "namePrefix", "fifoQueue"],
    updates: Object.fromEntries(Object.keys(ATTRIBUTES).map((input) => [input, changeQueue])),
    tags: {
      set: (id, _state, tags) => sqs("TagQueue", { QueueUrl: id, Tags: tags }),
      unset: (id, _state, keys) => sqs("UntagQueue", { QueueUrl: id, TagKeys: keys }),
    },
    create: (i) =>
      sqs("CreateQueue", {
        QueueName: i.name,
        Attributes: { ...attributes(i), ...(i.fifoQueue ? { FifoQueue: "true" } : {}) },
        tags: i.tags,
      }),
    id: (_answer, i, where) => `https://sqs.${where.region}.amazonaws.com/${where.account}/${text(i, "name")}`,
    outs: (id, i, _answers, where) => ({
      url: id,
      arn: `arn:${where.partition}:sqs:${where.region}:${where.account}:${text(i, "name")}`,
    }),
    exists: (id) => sqs("GetQueueAttributes", { QueueUrl: id, AttributeNames: ["QueueArn"] }),
    remove: (id) => [sqs("DeleteQueue", { QueueUrl: id })],
  },

  "aws:sqs/queuePolicy:QueuePolicy": {
    replaces: ["queueUrl"],
    updates: {
      policy: ({ id, now }) => [sqs("SetQueueAttributes", { QueueUrl: id, Attributes: { Policy: now.policy } })],
    },
    create: (i) => sqs("SetQueueAttributes", { QueueUrl: i.queueUrl, Attributes: { Policy: i.policy } }),
    id: (_answer, i) => text(i, "queueUrl"),
    exists: (id) => sqs("GetQueueAttributes", { QueueUrl: id, AttributeNames: ["Policy"] }),
    alive: (answer) => text(props(answer.Attributes), "Policy") !== "",
    remove: (id) => [sqs("SetQueueAttributes", { QueueUrl: id, Attributes: { Policy: "" } })],
  },
};
