import { expect, test } from "vitest";
import { Database } from "../../components/database";
import { find, names, register } from "../harness";

const build = (multiZone = false) =>
  register(
    () =>
      new Database("database", {
        vpcId: "vpc-1",
        subnetIds: ["subnet-a", "subnet-b"],
        clientSecurityGroupId: "sg-nodes",
        multiZone,
      }),
  );

test("registers exactly these resources", async () => {
  expect(names(await build())).toEqual([
    ["aws:ec2/securityGroup:SecurityGroup", "database"],
    ["aws:rds/instance:Instance", "database"],
    ["aws:rds/subnetGroup:SubnetGroup", "database"],
    ["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "database"],
    ["pilotlight:index:Database", "database"],
    ["random:index/randomPassword:RandomPassword", "database"],
  ]);
});

test("is encrypted, private, backed up, and goes without a question", async () => {
  const { password, ...inputs } = find(await build(), "aws:rds/instance:Instance", "database").inputs;
  // As the SDK sends a secret.
  expect(password).toMatchObject({ value: "database-secret" });
  expect(inputs).toEqual({
    engine: "postgres",
    engineVersion: "17",
    autoMinorVersionUpgrade: true,
    instanceClass: "db.t4g.small",
    allocatedStorage: 20,
    maxAllocatedStorage: 100,
    storageType: "gp3",
    storageEncrypted: true,
    multiAz: false,
    dbName: "litellm",
    username: "litellm",
    port: 5432,
    dbSubnetGroupName: "database",
    vpcSecurityGroupIds: ["database-id"],
    publiclyAccessible: false,
    backupRetentionPeriod: 7,
    copyTagsToSnapshot: true,
    skipFinalSnapshot: true,
    deleteAutomatedBackups: false,
    applyImmediately: true,
  });
});

test("a standby on demand", async () => {
  expect(find(await build(true), "aws:rds/instance:Instance", "database").inputs.multiAz).toBe(true);
});

test("takes connections from the cluster's nodes alone, on the port of Postgres", async () => {
  const seen = await build();
  expect(find(seen, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "database").inputs).toEqual({
    securityGroupId: "database-id",
    referencedSecurityGroupId: "sg-nodes",
    ipProtocol: "tcp",
    fromPort: 5432,
    toPort: 5432,
  });
  expect(find(seen, "aws:ec2/securityGroup:SecurityGroup", "database").inputs).not.toHaveProperty("ingress");
});
