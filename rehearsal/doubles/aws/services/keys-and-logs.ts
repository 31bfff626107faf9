import { type Props, pairs, service, type Table, text } from "../table";

const kms = service("kms");
const logs = service("logs");

const putPolicy = ({ id, now }: { id: string; now: Props }) => [
  kms("PutKeyPolicy", { KeyId: id, PolicyName: "default", Policy: now.policy }),
];

export const keysAndLogs: Table = {
  "aws:kms/key:Key": {
    defaults: { customerMasterKeySpec: "SYMMETRIC_DEFAULT", keyUsage: "ENCRYPT_DECRYPT", isEnabled: true },
    replaces: ["customerMasterKeySpec", "keyUsage", "multiRegion"],
    updates: {
      description: ({ id, now }) => [kms("UpdateKeyDescription", { KeyId: id, Description: now.description ?? "" })],
      enableKeyRotation: ({ id, now }) => [
        kms(now.enableKeyRotation ? "EnableKeyRotation" : "DisableKeyRotation", { KeyId: id }),
      ],
      isEnabled: ({ id, now }) => [kms(now.isEnabled ? "EnableKey" : "DisableKey", { KeyId: id })],
      policy: putPolicy,
    },
    local: ["deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"],
    tags: {
      set: (id, _state, tags) => kms("TagResource", { KeyId: id, Tags: pairs(tags, "TagKey", "TagValue") }),
      unset: (id, _state, keys) => kms("UntagResource", { KeyId: id, TagKeys: keys }),
    },
    create: (i) =>
      kms("CreateKey", {
        Description: i.description,
        KeyUsage: i.keyUsage,
        KeySpec: i.customerMasterKeySpec,
        MultiRegion: i.multiRegion,
        Policy: i.policy,
        ...(i.tags ? { Tags: pairs(i.tags, "TagKey", "TagValue") } : {}),
      }),
    id: (answer) => text(answer, "KeyMetadata.KeyId"),
    finish: (id, i) => [
      ...(i.enableKeyRotation ? [kms("EnableKeyRotation", { KeyId: id })] : []),
      ...(i.isEnabled ? [] : [kms("DisableKey", { KeyId: id })]),
    ],
    outs: (id, _i, [made]) => ({ keyId: id, arn: text(made, "KeyMetadata.Arn") }),
    exists: (id) => kms("DescribeKey", { KeyId: id }),
    alive: (answer) => text(answer, "KeyMetadata.KeyState") !== "PendingDeletion",
    // A key is never deleted at once: AWS keeps it for 7 to 30 days.
    remove: (id, state) => [
      kms("ScheduleKeyDeletion", { KeyId: id, PendingWindowInDays: state.deletionWindowInDays ?? 30 }),
    ],
  },

  "aws:kms/alias:Alias": {
    replaces: ["name"],
    updates: {
      targetKeyId: ({ id, now }) => [kms("UpdateAlias", { AliasName: id, TargetKeyId: now.targetKeyId })],
    },
    create: (i) => kms("CreateAlias", { AliasName: i.name, TargetKeyId: i.targetKeyId }),
    id: (_answer, i) => text(i, "name"),
    finish: (_id, i) => [kms("DescribeKey", { KeyId: i.targetKeyId })],
    outs: (id, _i, [, key], where) => ({
      arn: `arn:${where.partition}:kms:${where.region}:${where.account}:${id}`,
      targetKeyArn: text(key, "KeyMetadata.Arn"),
    }),
    exists: (id) => kms("DescribeKey", { KeyId: id }),
    remove: (id) => [kms("DeleteAlias", { AliasName: id })],
  },

  "aws:cloudwatch/logGroup:LogGroup": {
    autoname: { field: "name", prefix: "namePrefix", max: 512 },
    replaces: ["name", "namePrefix", "logGroupClass"],
    updates: {
      retentionInDays: ({ id, now }) => [
        now.retentionInDays
          ? logs("PutRetentionPolicy", { logGroupName: id, retentionInDays: now.retentionInDays })
          : logs("DeleteRetentionPolicy", { logGroupName: id }),
      ],
      kmsKeyId: ({ id, now }) => [
        now.kmsKeyId
          ? logs("AssociateKmsKey", { logGroupName: id, kmsKeyId: now.kmsKeyId })
          : logs("DisassociateKmsKey", { logGroupName: id }),
      ],
    },
    local: ["skipDestroy"],
    tags: {
      set: (_id, state, tags) => logs("TagResource", { resourceArn: state.arn, tags }),
      unset: (_id, state, keys) => logs("UntagResource", { resourceArn: state.arn, tagKeys: keys }),
    },
    create: (i) =>
      logs("CreateLogGroup", {
        logGroupName: i.name,
        kmsKeyId: i.kmsKeyId,
        logGroupClass: i.logGroupClass,
        tags: i.tags,
      }),
    id: (_answer, i) => text(i, "name"),
    finish: (id, i) =>
      i.retentionInDays ? [logs("PutRetentionPolicy", { logGroupName: id, retentionInDays: i.retentionInDays })] : [],
    outs: (id, _i, _answers, where) => ({
      arn: `arn:${where.partition}:logs:${where.region}:${where.account}:log-group:${id}`,
    }),
    exists: (_id, state) => logs("ListTagsForResource", { resourceArn: state.arn }),
    remove: (id, state) => (state.skipDestroy ? [] : [logs("DeleteLogGroup", { logGroupName: id })]),
  },
};
