import { type Props, pairs, service, type Table, text } from "../table";

const secrets = service("secretsmanager");

const update = ({ id, now }: { id: string; now: Props }) => [
  secrets("UpdateSecret", { SecretId: id, Description: now.description ?? "", KmsKeyId: now.kmsKeyId }),
];

export const secretStore: Table = {
  "aws:secretsmanager/secret:Secret": {
    autoname: { field: "name", prefix: "namePrefix", max: 512 },
    defaults: { recoveryWindowInDays: 30 },
    replaces: ["name", "namePrefix"],
    updates: {
      description: update,
      kmsKeyId: update,
      policy: ({ id, now }) => [
        now.policy
          ? secrets("PutResourcePolicy", { SecretId: id, ResourcePolicy: now.policy })
          : secrets("DeleteResourcePolicy", { SecretId: id }),
      ],
    },
    local: ["recoveryWindowInDays"],
    tags: {
      set: (id, _state, tags) => secrets("TagResource", { SecretId: id, Tags: pairs(tags) }),
      unset: (id, _state, keys) => secrets("UntagResource", { SecretId: id, TagKeys: keys }),
    },
    create: (i) =>
      secrets("CreateSecret", {
        Name: i.name,
        Description: i.description,
        KmsKeyId: i.kmsKeyId,
        ...(i.tags ? { Tags: pairs(i.tags) } : {}),
      }),
    id: (answer) => text(answer, "ARN"),
    finish: (id, i) => (i.policy ? [secrets("PutResourcePolicy", { SecretId: id, ResourcePolicy: i.policy })] : []),
    outs: (id) => ({ arn: id }),
    exists: (id) => secrets("DescribeSecret", { SecretId: id }),
    alive: (answer) => text(answer, "DeletedDate") === "",
    remove: (id, state) => [
      secrets(
        "DeleteSecret",
        state.recoveryWindowInDays === 0
          ? { SecretId: id, ForceDeleteWithoutRecovery: true }
          : { SecretId: id, RecoveryWindowInDays: state.recoveryWindowInDays },
      ),
    ],
  },

  "aws:secretsmanager/secretVersion:SecretVersion": {
    replaces: ["secretId", "secretString", "secretBinary"],
    updates: {
      versionStages: ({ now, state }) => [
        secrets("UpdateSecretVersionStage", {
          SecretId: now.secretId,
          VersionStage: "AWSCURRENT",
          MoveToVersionId: state.versionId,
        }),
      ],
    },
    create: (i) =>
      secrets("PutSecretValue", {
        SecretId: i.secretId,
        SecretString: i.secretString,
        SecretBinary: i.secretBinary,
        VersionStages: i.versionStages,
      }),
    id: (answer, i) => `${text(i, "secretId")}|${text(answer, "VersionId")}`,
    outs: (_id, i, [made]) => ({
      arn: text(i, "secretId"),
      secretArn: text(i, "secretId"),
      versionId: text(made, "VersionId"),
      versionStages: (made?.VersionStages ?? ["AWSCURRENT"]) as Props[string],
    }),
    exists: (_id, state) => secrets("DescribeSecret", { SecretId: state.secretId }),
    // The last version goes with its secret.
    remove: () => [],
  },
};
