import { zipOf } from "../archive";
import { at, type Change, type Props, pairs, pascal, service, type Table, text } from "../table";

/*
 * What the spend guard is made of: a function, its schedule and its state.
 */

const lambda = service("lambda");
const scheduler = service("scheduler");
const ssm = service("ssm");

/** Settings of a function besides its code. */
const configuration = (i: Props): Props => ({
  Role: i.role,
  Runtime: i.runtime,
  Handler: i.handler,
  Description: i.description,
  MemorySize: i.memorySize,
  Timeout: i.timeout,
  Environment: i.environment ? { Variables: at(i, "environment.variables") } : undefined,
});
const configure = ({ id, now }: Change) => [
  lambda("UpdateFunctionConfiguration", { FunctionName: id, ...configuration(now) }),
];
const putCode = ({ id, now }: Change) => [
  lambda("UpdateFunctionCode", { FunctionName: id, ZipFile: zipOf(now.code), Architectures: now.architectures }),
];

const putInvokes = (FunctionName: string, i: Props) =>
  lambda("PutFunctionEventInvokeConfig", {
    FunctionName,
    MaximumRetryAttempts: i.maximumRetryAttempts,
    MaximumEventAgeInSeconds: i.maximumEventAgeInSeconds,
  });
const dropInvokes = (FunctionName: string) => lambda("DeleteFunctionEventInvokeConfig", { FunctionName });
// Put replaces in AWS; moto would keep the first for ever.
const replaceInvokes = ({ id, now }: Change) => [dropInvokes(id), putInvokes(id, now)];

const scheduleOf = (i: Props): Props => ({
  Name: i.name,
  GroupName: i.groupName,
  Description: i.description,
  ScheduleExpression: i.scheduleExpression,
  State: i.state,
  FlexibleTimeWindow: pascal(i.flexibleTimeWindow),
  Target: pascal(i.target),
});
const putSchedule = ({ now }: Change) => [scheduler("UpdateSchedule", scheduleOf(now))];
const groupAndName = (id: string): Props => {
  const [GroupName, Name] = id.split("/");
  return { GroupName, Name };
};

const putParameter = ({ id, now }: Change) => [
  ssm("PutParameter", { Name: id, Type: now.type, Value: now.value, Description: now.description, Overwrite: true }),
];

export const guard: Table = {
  "aws:lambda/function:Function": {
    autoname: { field: "name", max: 64 },
    defaults: { memorySize: 128, timeout: 3, packageType: "Zip", publish: false },
    replaces: ["name", "packageType"],
    updates: {
      code: putCode,
      architectures: putCode,
      role: configure,
      runtime: configure,
      handler: configure,
      description: configure,
      memorySize: configure,
      timeout: configure,
      environment: configure,
    },
    local: ["publish"],
    tags: {
      set: (_id, state, tags) => lambda("TagResource", { Resource: state.arn, Tags: tags }),
      unset: (_id, state, keys) => lambda("UntagResource", { Resource: state.arn, TagKeys: keys }),
    },
    volatile: ["codeSha256", "lastModified"],
    create: (i) =>
      lambda("CreateFunction", {
        FunctionName: i.name,
        ...configuration(i),
        Architectures: i.architectures,
        PackageType: i.packageType,
        Code: { ZipFile: zipOf(i.code) },
        Tags: i.tags,
      }),
    id: (_answer, i) => text(i, "name"),
    outs: (_id, _i, [made]) => ({
      arn: text(made, "FunctionArn"),
      version: "$LATEST",
      codeSha256: text(made, "CodeSha256"),
      lastModified: text(made, "LastModified"),
    }),
    exists: (id) => lambda("GetFunction", { FunctionName: id }),
    seen: (answer) => ({
      codeSha256: text(answer, "Configuration.CodeSha256"),
      lastModified: text(answer, "Configuration.LastModified"),
    }),
    remove: (id) => [lambda("DeleteFunction", { FunctionName: id })],
  },

  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": {
    replaces: ["functionName"],
    updates: { maximumRetryAttempts: replaceInvokes, maximumEventAgeInSeconds: replaceInvokes },
    create: (i) => putInvokes(text(i, "functionName"), i),
    id: (_answer, i) => text(i, "functionName"),
    exists: (id) => lambda("GetFunctionEventInvokeConfig", { FunctionName: id }),
    remove: (id) => [dropInvokes(id)],
  },

  "aws:scheduler/scheduleGroup:ScheduleGroup": {
    autoname: { field: "name", prefix: "namePrefix", max: 64 },
    replaces: ["name", "namePrefix"],
    tags: {
      set: (_id, state, tags) => scheduler("TagResource", { ResourceArn: state.arn, Tags: pairs(tags) }),
      unset: (_id, state, keys) => scheduler("UntagResource", { ResourceArn: state.arn, TagKeys: keys }),
    },
    create: (i) => scheduler("CreateScheduleGroup", { Name: i.name, ...(i.tags ? { Tags: pairs(i.tags) } : {}) }),
    id: (_answer, i) => text(i, "name"),
    outs: (_id, _i, [made]) => ({ arn: text(made, "ScheduleGroupArn"), state: "ACTIVE" }),
    exists: (id) => scheduler("GetScheduleGroup", { Name: id }),
    remove: (id) => [scheduler("DeleteScheduleGroup", { Name: id })],
  },

  "aws:scheduler/schedule:Schedule": {
    autoname: { field: "name", prefix: "namePrefix", max: 64 },
    defaults: { groupName: "default", state: "ENABLED" },
    replaces: ["name", "namePrefix", "groupName"],
    updates: {
      description: putSchedule,
      scheduleExpression: putSchedule,
      state: putSchedule,
      flexibleTimeWindow: putSchedule,
      target: putSchedule,
    },
    create: (i) => scheduler("CreateSchedule", scheduleOf(i)),
    id: (_answer, i) => `${text(i, "groupName")}/${text(i, "name")}`,
    outs: (_id, _i, [made]) => ({ arn: text(made, "ScheduleArn") }),
    exists: (id) => scheduler("GetSchedule", groupAndName(id)),
    remove: (id) => [scheduler("DeleteSchedule", groupAndName(id))],
  },

  "aws:ssm/parameter:Parameter": {
    autoname: { field: "name", max: 2048 },
    replaces: ["name"],
    updates: { value: putParameter, description: putParameter, type: putParameter },
    tags: {
      set: (id, _state, tags) =>
        ssm("AddTagsToResource", { ResourceType: "Parameter", ResourceId: id, Tags: pairs(tags) }),
      unset: (id, _state, keys) =>
        ssm("RemoveTagsFromResource", { ResourceType: "Parameter", ResourceId: id, TagKeys: keys }),
    },
    create: (i) =>
      ssm("PutParameter", {
        Name: i.name,
        Type: i.type,
        Value: i.value,
        Description: i.description,
        ...(i.tags ? { Tags: pairs(i.tags) } : {}),
      }),
    id: (_answer, i) => text(i, "name"),
    outs: (id, _i, _answers, where) => ({
      arn: `arn:${where.partition}:ssm:${where.region}:${where.account}:parameter${id}`,
      version: 1,
    }),
    exists: (id) => ssm("GetParameter", { Name: id }),
    seen: (answer) => ({ value: text(answer, "Parameter.Value"), version: at(answer, "Parameter.Version") }),
    remove: (id) => [ssm("DeleteParameter", { Name: id })],
  },
};
