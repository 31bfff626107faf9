import {
  type Call,
  items,
  list,
  type Props,
  pairs,
  props,
  type Row,
  service,
  type Table,
  type Tagging,
  text,
} from "../table";

const rds = service("rds");

const tags: Tagging = {
  set: (_id, state, set) => rds("AddTagsToResource", { ResourceName: state.arn, Tags: pairs(set) }),
  unset: (_id, state, keys) => rds("RemoveTagsFromResource", { ResourceName: state.arn, TagKeys: keys }),
};

const tagsOf = (inputs: Props): Props => (inputs.tags ? { Tags: pairs(inputs.tags) } : {});

/** Inputs that a running database takes, and their AWS names. */
const CHANGEABLE: { readonly [input: string]: string } = {
  allocatedStorage: "AllocatedStorage",
  allowMajorVersionUpgrade: "AllowMajorVersionUpgrade",
  autoMinorVersionUpgrade: "AutoMinorVersionUpgrade",
  backupRetentionPeriod: "BackupRetentionPeriod",
  backupWindow: "PreferredBackupWindow",
  caCertIdentifier: "CACertificateIdentifier",
  copyTagsToSnapshot: "CopyTagsToSnapshot",
  deletionProtection: "DeletionProtection",
  engineVersion: "EngineVersion",
  iamDatabaseAuthenticationEnabled: "EnableIAMDatabaseAuthentication",
  instanceClass: "DBInstanceClass",
  iops: "Iops",
  maintenanceWindow: "PreferredMaintenanceWindow",
  maxAllocatedStorage: "MaxAllocatedStorage",
  multiAz: "MultiAZ",
  parameterGroupName: "DBParameterGroupName",
  password: "MasterUserPassword",
  performanceInsightsEnabled: "EnablePerformanceInsights",
  performanceInsightsRetentionPeriod: "PerformanceInsightsRetentionPeriod",
  publiclyAccessible: "PubliclyAccessible",
  storageThroughput: "StorageThroughput",
  storageType: "StorageType",
  vpcSecurityGroupIds: "VpcSecurityGroupIds",
};

/** Inputs given once. */
const FIXED: { readonly [input: string]: string } = {
  availabilityZone: "AvailabilityZone",
  dbName: "DBName",
  dbSubnetGroupName: "DBSubnetGroupName",
  engine: "Engine",
  identifier: "DBInstanceIdentifier",
  kmsKeyId: "KmsKeyId",
  port: "Port",
  storageEncrypted: "StorageEncrypted",
  username: "MasterUsername",
};

/** Only in the call that changes a database. */
const ONLY_CHANGE = ["allowMajorVersionUpgrade"];

function named(inputs: Props, names: { readonly [input: string]: string }): Props {
  return Object.fromEntries(Object.entries(names).map(([input, parameter]) => [parameter, inputs[input]]));
}

function modify({ old, now }: { old: Props; now: Props }): Call[] {
  const changed = Object.keys(CHANGEABLE).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]));
  const names = Object.fromEntries(changed.map((key) => [key, CHANGEABLE[key] ?? key]));
  return [
    rds("ModifyDBInstance", {
      DBInstanceIdentifier: now.identifier,
      ...named(now, names),
      ...(now.allowMajorVersionUpgrade ? { AllowMajorVersionUpgrade: true } : {}),
      ApplyImmediately: now.applyImmediately ?? false,
    }),
  ];
}

function instanceOuts(made: Props, region: string): Props {
  const identifier = text(made, "DBInstanceIdentifier");
  const port = made.DbInstancePort || props(made.Endpoint).Port || 5432;
  // AWS puts a hash of the account into the name; a fixed one here.
  const address = `${identifier}.c9akciq32rgr.${region}.rds.amazonaws.com`;
  return {
    address,
    endpoint: `${address}:${port}`,
    port,
    arn: text(made, "DBInstanceArn"),
    availabilityZone: text(made, "AvailabilityZone"),
    engineVersionActual: text(made, "EngineVersion"),
    resourceId: text(made, "DbiResourceId"),
    status: "available",
  };
}

const instance: Row = {
  autoname: { field: "identifier", prefix: "identifierPrefix", max: 63, lower: true },
  defaults: {
    autoMinorVersionUpgrade: true,
    publiclyAccessible: false,
    skipFinalSnapshot: false,
    copyTagsToSnapshot: false,
  },
  replaces: [...Object.keys(FIXED), "identifierPrefix"],
  updates: Object.fromEntries(Object.keys(CHANGEABLE).map((input) => [input, modify])),
  local: ["applyImmediately", "deleteAutomatedBackups", "finalSnapshotIdentifier", "skipFinalSnapshot"],
  tags,
  create: (i) => {
    const changeable = Object.entries(CHANGEABLE).filter(([input]) => !ONLY_CHANGE.includes(input));
    return rds("CreateDBInstance", { ...named(i, FIXED), ...named(i, Object.fromEntries(changeable)), ...tagsOf(i) });
  },
  id: (answer) => text(answer, "DBInstance.DbiResourceId") || text(answer, "DBInstance.DBInstanceIdentifier"),
  outs: (_id, _i, [made], where) => instanceOuts(props(made?.DBInstance), where.region),
  exists: (_id, state) => rds("DescribeDBInstances", { DBInstanceIdentifier: state.identifier }),
  remove: (_id, state) => [
    rds("DeleteDBInstance", {
      DBInstanceIdentifier: state.identifier,
      SkipFinalSnapshot: state.skipFinalSnapshot,
      FinalDBSnapshotIdentifier: state.skipFinalSnapshot ? undefined : state.finalSnapshotIdentifier,
      DeleteAutomatedBackups: state.deleteAutomatedBackups ?? true,
    }),
  ],
};

const subnetGroup: Row = {
  autoname: { field: "name", prefix: "namePrefix", max: 255, lower: true },
  defaults: { description: "Managed by Pulumi" },
  replaces: ["name", "namePrefix"],
  updates: {
    subnetIds: ({ id, now }) => [rds("ModifyDBSubnetGroup", { DBSubnetGroupName: id, SubnetIds: now.subnetIds })],
    description: ({ id, now }) => [
      rds("ModifyDBSubnetGroup", {
        DBSubnetGroupName: id,
        DBSubnetGroupDescription: now.description,
        SubnetIds: now.subnetIds,
      }),
    ],
  },
  tags,
  create: (i) =>
    rds("CreateDBSubnetGroup", {
      DBSubnetGroupName: i.name,
      DBSubnetGroupDescription: i.description,
      SubnetIds: i.subnetIds,
      ...tagsOf(i),
    }),
  id: (_answer, i) => text(i, "name"),
  outs: (id, _i, [made], where) => ({
    arn: `arn:${where.partition}:rds:${where.region}:${where.account}:subgrp:${id}`,
    vpcId: text(made, "DBSubnetGroup.VpcId"),
    supportedNetworkTypes: ["IPV4"],
  }),
  exists: (id) => rds("DescribeDBSubnetGroups", { DBSubnetGroupName: id }),
  remove: (id) => [rds("DeleteDBSubnetGroup", { DBSubnetGroupName: id })],
};

function putParameters(id: string, parameters: Props[string]): Call[] {
  return list(parameters).length > 0
    ? [
        rds("ModifyDBParameterGroup", {
          DBParameterGroupName: id,
          Parameters: items(parameters).map((one) => ({
            ParameterName: one.name,
            ParameterValue: one.value,
            ApplyMethod: one.applyMethod ?? "immediate",
          })),
        }),
      ]
    : [];
}

const parameterGroup: Row = {
  autoname: { field: "name", prefix: "namePrefix", max: 255, lower: true },
  defaults: { description: "Managed by Pulumi" },
  replaces: ["name", "namePrefix", "family", "description"],
  updates: { parameters: ({ id, now }) => putParameters(id, now.parameters) },
  local: ["skipDestroy"],
  tags,
  create: (i) =>
    rds("CreateDBParameterGroup", {
      DBParameterGroupName: i.name,
      DBParameterGroupFamily: i.family,
      Description: i.description,
      ...tagsOf(i),
    }),
  id: (_answer, i) => text(i, "name"),
  finish: (id, i) => putParameters(id, i.parameters),
  outs: (id, _i, _answers, where) => ({
    arn: `arn:${where.partition}:rds:${where.region}:${where.account}:pg:${id}`,
  }),
  exists: (id) => rds("DescribeDBParameterGroups", { DBParameterGroupName: id }),
  remove: (id) => [rds("DeleteDBParameterGroup", { DBParameterGroupName: id })],
};

export const databases: Table = {
  "aws:rds/instance:Instance": instance,
  "aws:rds/subnetGroup:SubnetGroup": subnetGroup,
  "aws:rds/parameterGroup:ParameterGroup": parameterGroup,
};
