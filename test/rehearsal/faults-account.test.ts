import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { items, text } from "../../rehearsal/doubles/aws/table";
import { AwsNetwork, trust } from "./aws-network";

/*
 * What the double of AWS does when something goes wrong, or when others hold what is to go.
 */

let net: AwsNetwork;
beforeAll(async () => {
  net = await AwsNetwork.create();
});
afterAll(() => net?.stage.close());
const set = (faults: Record<string, never> | Record<string, number | object[]>) =>
  net.stage.aws.account.own("SetFaults", JSON.parse(JSON.stringify(faults)), "us-east-1");
beforeEach(() => set({}));

test("a call that is throttled 24 times is answered at the 25th attempt, and one that always is, is given up", async () => {
  await set({ refusals: [{ service: "sqs", operation: "CreateQueue", calls: 24 }] });
  await net.stage.call("sqs", "CreateQueue", { QueueName: "patient" });
  await set({ refusals: [{ service: "sqs", operation: "CreateQueue" }] });
  await expect(net.stage.call("sqs", "CreateQueue", { QueueName: "given-up" })).rejects.toThrow(
    "sqs CreateQueue: ThrottlingException: exceeded maximum number of attempts, 25: Rate exceeded",
  );
});

test("a refusal that is no throttling is told at once, with its own words", async () => {
  const refusal = { service: "ec2", operation: "CreateVpc", code: "VpcLimitExceeded", message: "No more.", calls: 1 };
  await set({ refusals: [refusal] });
  await expect(net.stage.call("ec2", "CreateVpc", { CidrBlock: "10.1.0.0/16" })).rejects.toThrow(
    /^ec2 CreateVpc: VpcLimitExceeded: No more\.$/,
  );
});

test("a setting that nothing reads is refused", async () => {
  await expect(set({ refusal: [] })).rejects.toThrow("SetFaults does not know refusal");
});

test("a role that EKS does not know yet is waited for, and not for ever", async () => {
  const entry = async (name: string) => {
    await net.add("aws:iam/role:Role", name, { assumeRolePolicy: trust("ec2.amazonaws.com") });
    const given = { clusterName: "c1", principalArn: net.arn(name), type: "STANDARD" };
    return net.stage.create("aws:eks/accessEntry:AccessEntry", name, given);
  };
  await set({ iamDelayMs: 300 });
  await entry("soon-known");
  await set({ iamDelayMs: 60_000 });
  await expect(entry("never-known")).rejects.toThrow(
    "InvalidParameterException: The specified principalArn is invalid: invalid principal.",
  );
});

test("a load balancer holds its subnets by interfaces that come and go with it", async () => {
  const held = async () => {
    const filters = [{ Name: "description", Values: ["ELB app/held/*"] }];
    return items((await net.stage.call("ec2", "DescribeNetworkInterfaces", { Filters: filters })).NetworkInterfaces);
  };
  const made = await net.stage.call("elbv2", "CreateLoadBalancer", { Name: "held", Subnets: net.subnets() });
  expect((await held()).map((one) => text(one, "SubnetId")).sort()).toEqual(net.subnets().sort());
  const arn = text(items(made.LoadBalancers)[0], "LoadBalancerArn");
  await net.stage.call("elbv2", "DeleteLoadBalancer", { LoadBalancerArn: arn });
  expect(await held()).toEqual([]);
});

test("a node group for which there is no instance fails, says why, and is there all the same", async () => {
  const rules = [{ type: "m6i.*" }, { type: "m5.*", zone: "us-east-1a" }];
  await net.stage.aws.account.own("SetCapacity", { rules }, "us-east-1");
  const group = {
    clusterName: "c1",
    nodeRoleArn: net.arn("node"),
    subnetIds: net.subnets(),
    scalingConfig: { minSize: 0, desiredSize: 1, maxSize: 1 },
  };
  const type = "aws:eks/nodeGroup:NodeGroup";
  const failed = net.stage.create(type, "none", { ...group, nodeGroupName: "none", instanceTypes: ["m6i.large"] });
  await expect(failed).rejects.toThrow(
    /waiting for EKS Node Group \(c1:none\) create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'\. last error: eks-[\w-]+: AsgInstanceLaunchFailures: Could not launch On-Demand Instances\. InsufficientInstanceCapacity - We currently do not have sufficient m6i\.large capacity in the Availability Zone you requested \(us-east-1b\)/,
  );
  const there = await net.stage.call("eks", "DescribeNodegroup", { clusterName: "c1", nodegroupName: "none" });
  expect(text(there, "nodegroup.status")).toBe("CREATE_FAILED");

  // The second type has room in the second zone.
  await net.stage.create(type, "some", { ...group, nodeGroupName: "some", instanceTypes: ["m6i.large", "m5.large"] });
  const running = await net.stage.call("ec2", "DescribeInstances", {
    Filters: [{ Name: "tag:eks:nodegroup-name", Values: ["some"] }],
  });
  const [instance] = items(items(running.Reservations)[0]?.Instances);
  expect([text(instance, "InstanceType"), text(instance, "SubnetId")]).toEqual(["m5.large", net.id("subnet-b")]);
});
