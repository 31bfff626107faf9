import { afterAll, beforeAll, expect, test } from "vitest";
import { at, items, type Props, props } from "../../rehearsal/doubles/aws/table";
import { AwsNetwork } from "./aws-network";
import { WHERE } from "./aws-stage";

/*
 * What a change of inputs does in the AWS account: in place where AWS can, and as AWS would be asked.
 */

let net: AwsNetwork;
beforeAll(async () => {
  net = await AwsNetwork.create();
});
afterAll(() => net?.stage.close());

const group = async (name: string) =>
  props(
    (
      await net.stage.call("eks", "DescribeNodegroup", {
        clusterName: "c1",
        nodegroupName: net.of(name).outs.nodeGroupName,
      })
    ).nodegroup,
  );
const cluster = async () => props((await net.stage.call("eks", "DescribeCluster", { name: "c1" })).cluster);
const instances = async () => {
  const found = await net.stage.call("ec2", "DescribeInstances", {
    Filters: [{ Name: "instance-state-name", Values: ["running"] }],
  });
  return items(found.Reservations).flatMap((reservation) => items(reservation.Instances));
};

test("a node group has as many instances as it wants, in its subnets", async () => {
  expect((await instances()).map((one) => one.SubnetId)).toEqual([net.id("subnet-a")]);
  await net.change("nodes", { scalingConfig: { minSize: 0, desiredSize: 2, maxSize: 2 } });
  expect((await instances()).map((one) => one.SubnetId).sort()).toEqual(net.subnets().sort());
  await net.change("nodes", { scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 2 } });
  expect(await instances()).toEqual([]);
});

test("labels and taints that are gone from the program go from the node group", async () => {
  const taint = { key: "gpu", value: "yes", effect: "NO_SCHEDULE" };
  await net.change("nodes", { labels: { a: "1", b: "2" }, taints: [taint] });
  expect(await group("nodes")).toMatchObject({ labels: { a: "1", b: "2" }, taints: [taint] });
  await net.change("nodes", { labels: { b: "3" }, taints: undefined });
  expect(await group("nodes")).toMatchObject({ labels: { b: "3" }, taints: [] });
});

test("a changed launch template is a new version, which the preview does not know and the node group follows", async () => {
  const given = { instanceType: "m5.large", metadataOptions: { httpTokens: "required" } };
  await net.add("aws:ec2/launchTemplate:LaunchTemplate", "template", given);
  const { type, inputs, outs } = net.of("template");
  const { double } = net.stage;
  const other = { ...inputs, metadataOptions: { httpTokens: "optional" } };
  expect(outs.latestVersion).toBe(1);
  expect(double.planUpdate(type, inputs, other, outs)).not.toHaveProperty("latestVersion");
  expect(double.planUpdate(type, inputs, { ...inputs, tags: { a: "b" } }, outs).latestVersion).toBe(1);

  const template = { id: net.id("template"), version: "1" };
  const nodes = { clusterName: "c1", nodeRoleArn: net.arn("node"), subnetIds: net.subnets() };
  const scalingConfig = { minSize: 0, desiredSize: 0, maxSize: 1 };
  await net.add("aws:eks/nodeGroup:NodeGroup", "templated", { ...nodes, scalingConfig, launchTemplate: template });
  expect(await net.change("template", { metadataOptions: { httpTokens: "optional" } })).toEqual([]);
  expect(net.of("template").outs).toMatchObject({ latestVersion: 2, defaultVersion: 1 });
  expect(await net.change("templated", { launchTemplate: { ...template, version: "2" } })).toEqual([]);
  expect(at(await group("templated"), "launchTemplate.version")).toBe("2");
  await expect(net.change("templated", { launchTemplate: { ...template, version: "3" } })).rejects.toThrow(
    /UpdateNodegroupVersion: InvalidRequestException: Launch template lt-\w+ has no version 3/,
  );
});

test("a cluster keeps its network when its endpoint, logs or version change", async () => {
  const before = props((await cluster()).resourcesVpcConfig);
  const vpcConfig = { subnetIds: net.subnets(), endpointPrivateAccess: true, publicAccessCidrs: ["203.0.113.0/24"] };
  const enabledClusterLogTypes = ["audit"];
  expect(await net.change("cluster", { vpcConfig, enabledClusterLogTypes })).toEqual([]);
  const after = await cluster();
  expect(after.resourcesVpcConfig).toMatchObject({
    subnetIds: before.subnetIds,
    clusterSecurityGroupId: before.clusterSecurityGroupId,
    endpointPrivateAccess: true,
    publicAccessCidrs: ["203.0.113.0/24"],
  });
  expect(at(net.of("cluster").outs, "vpcConfig.clusterSecurityGroupId")).toBe(before.clusterSecurityGroupId);
  expect(at(after, "logging.clusterLogging.0")).toEqual({ types: ["audit"], enabled: true });
  await expect(net.change("cluster", { version: "1.37" })).rejects.toThrow(
    /Unsupported Kubernetes minor version update from 1\.35 to 1\.37/,
  );
  await net.change("cluster", { version: "1.36" });
  expect((await cluster()).version).toBe("1.36");
});

test("a change of what is fixed at creation replaces", () => {
  const replaced = (name: string, more: Props) => {
    const { type, inputs } = net.of(name);
    return net.stage.double.diff(type, inputs, { ...inputs, ...more });
  };
  // A name of its own is taken over by the successor, so the old one goes first; a made-up name is not.
  expect(replaced("cluster", { roleArn: "x" })).toMatchObject({ replaces: ["roleArn"], deleteFirst: true });
  expect(replaced("nodes", { instanceTypes: ["m6i.large"] })).toMatchObject({
    replaces: ["instanceTypes"],
    deleteFirst: false,
  });
  expect(replaced("subnet-a", { cidrBlock: "10.0.7.0/24" }).replaces).toEqual(["cidrBlock"]);
  expect(replaced("database", { instanceClass: "db.t4g.large" })).toMatchObject({
    changed: ["instanceClass"],
    replaces: [],
  });
});

test("a subnet moves from one route table to another and lets go of it", async () => {
  const table = { vpcId: net.id("vpc") };
  await net.add("aws:ec2/routeTable:RouteTable", "table-1", table);
  await net.add("aws:ec2/routeTable:RouteTable", "table-2", table);
  const given = { subnetId: net.id("subnet-a"), routeTableId: net.id("table-1") };
  await net.add("aws:ec2/routeTableAssociation:RouteTableAssociation", "association", given);
  expect(await net.change("association", { routeTableId: net.id("table-2") })).toEqual([]);
  await net.remove("table-1");
  await net.remove("association");
  await net.remove("table-2");
});

test("a refresh takes over what AWS decides, and notices what is gone", async () => {
  const { double, call } = net.stage;
  const read = (name: string) => {
    const { type, id, outs } = net.of(name);
    return double.read({ type, name, id }, outs, WHERE);
  };
  await call("eks", "UpdateClusterVersion", { name: "c1", version: "1.37" });
  expect((await read("cluster"))?.version).toBe("1.37");
  await call("iam", "DetachRolePolicy", {
    RoleName: net.id("node"),
    PolicyArn: net.of("node-worker").inputs.policyArn,
  });
  expect(await read("node-worker")).toBeUndefined();
  expect(await read("vpc")).toEqual(net.of("vpc").outs);
});

test("lost settings are put right by the next change of them", async () => {
  const { outs } = net.of("database");
  await net.change("database", { backupRetentionPeriod: 5, multiAz: true });
  const found = await net.stage.call("rds", "DescribeDBInstances", { DBInstanceIdentifier: outs.identifier });
  expect(items(found.DBInstances)[0]).toMatchObject({ BackupRetentionPeriod: 5, MultiAZ: true });
});
