import * as aws from "@pulumi/aws";
import { describe, expect, test } from "vitest";
import { Karpenter, type KarpenterArgs, karpenterValues } from "../../components/karpenter";
import { find, names, register } from "../harness";
import { creationOrder } from "../order";

const args = (after: KarpenterArgs["after"] = []): KarpenterArgs => ({
  clusterName: "kit",
  clusterEndpoint: "https://cluster.example",
  nodeRoleArn: "arn:aws:iam::123456789012:role/node",
  partition: "aws",
  region: "us-east-1",
  accountId: "123456789012",
  replicas: 2,
  after,
});

describe("Karpenter", () => {
  test("registers exactly these resources", async () => {
    const seen = await register(() => new Karpenter("karpenter", args()));
    expect(names(seen)).toEqual([
      ["aws:cloudwatch/eventRule:EventRule", "karpenter-health"],
      ["aws:cloudwatch/eventRule:EventRule", "karpenter-rebalance"],
      ["aws:cloudwatch/eventRule:EventRule", "karpenter-reservation-interruption"],
      ["aws:cloudwatch/eventRule:EventRule", "karpenter-spot-interruption"],
      ["aws:cloudwatch/eventRule:EventRule", "karpenter-state-change"],
      ["aws:cloudwatch/eventTarget:EventTarget", "karpenter-health"],
      ["aws:cloudwatch/eventTarget:EventTarget", "karpenter-rebalance"],
      ["aws:cloudwatch/eventTarget:EventTarget", "karpenter-reservation-interruption"],
      ["aws:cloudwatch/eventTarget:EventTarget", "karpenter-spot-interruption"],
      ["aws:cloudwatch/eventTarget:EventTarget", "karpenter-state-change"],
      ["aws:eks/podIdentityAssociation:PodIdentityAssociation", "karpenter"],
      ["aws:iam/role:Role", "karpenter"],
      ["aws:iam/rolePolicy:RolePolicy", "karpenter-cluster"],
      ["aws:iam/rolePolicy:RolePolicy", "karpenter-discovery"],
      ["aws:iam/rolePolicy:RolePolicy", "karpenter-interruption"],
      ["aws:iam/rolePolicy:RolePolicy", "karpenter-nodes"],
      ["aws:iam/rolePolicy:RolePolicy", "karpenter-profiles"],
      ["aws:sqs/queue:Queue", "karpenter-interruption"],
      ["aws:sqs/queuePolicy:QueuePolicy", "karpenter-interruption"],
      ["kubernetes:helm.sh/v3:Release", "karpenter"],
      ["kubernetes:helm.sh/v3:Release", "karpenter-crd"],
      ["pilotlight:index:Karpenter", "karpenter"],
      ["pilotlight:index:PodRole", "karpenter"],
    ]);
  });

  test("hears of what happens to its instances, in an encrypted queue that forgets after five minutes", async () => {
    const seen = await register(() => new Karpenter("karpenter", args()));
    expect(find(seen, "aws:sqs/queue:Queue", "karpenter-interruption").inputs).toEqual({
      messageRetentionSeconds: 300,
      sqsManagedSseEnabled: true,
    });
    const patterns = seen
      .filter(({ type }) => type === "aws:cloudwatch/eventRule:EventRule")
      .map(({ inputs }) => JSON.parse(String(inputs.eventPattern)));
    expect(patterns).toEqual([
      { source: ["aws.health"], "detail-type": ["AWS Health Event"] },
      { source: ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"] },
      { source: ["aws.ec2"], "detail-type": ["EC2 Capacity Reservation Instance Interruption Warning"] },
      { source: ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"] },
      { source: ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"] },
    ]);
    for (const target of seen.filter(({ type }) => type === "aws:cloudwatch/eventTarget:EventTarget"))
      expect(target.inputs.arn).toBe("arn:aws:mock:us-east-1:123456789012:karpenter-interruption");
  });

  test("its queue listens to exactly these rules", async () => {
    const seen = await register(() => new Karpenter("karpenter", args()));
    const { policy } = find(seen, "aws:sqs/queuePolicy:QueuePolicy", "karpenter-interruption").inputs;
    const events = ["spot-interruption", "rebalance", "state-change", "reservation-interruption", "health"];
    expect(JSON.parse(String(policy)).Statement[0].Condition).toEqual({
      ArnEquals: { "aws:SourceArn": events.map((event) => `arn:aws:mock:us-east-1:123456789012:karpenter-${event}`) },
    });
  });

  test("its policies name the queue, the cluster and the node role of this stack", async () => {
    const seen = await register(() => new Karpenter("karpenter", args()));
    const policy = (name: string) => String(find(seen, "aws:iam/rolePolicy:RolePolicy", name).inputs.policy);
    expect(policy("karpenter-interruption")).toContain("arn:aws:mock:us-east-1:123456789012:karpenter-interruption");
    expect(policy("karpenter-cluster")).toContain("arn:aws:eks:us-east-1:123456789012:cluster/kit");
    expect(policy("karpenter-profiles")).toContain("arn:aws:iam::123456789012:role/node");
  });

  test("its role goes with whatever policies others have put on it", async () => {
    const seen = await register(() => new Karpenter("karpenter", args()));
    expect(find(seen, "aws:iam/role:Role", "karpenter").inputs.forceDetachPolicies).toBe(true);
  });

  test("CRDs come from their own release, and the controller gets its queue", async () => {
    const seen = await register(() => new Karpenter("karpenter", args()));
    const release = find(seen, "kubernetes:helm.sh/v3:Release", "karpenter").inputs;
    expect(release).toMatchObject({ namespace: "kube-system", skipCrds: true });
    expect(release.values).toMatchObject({
      settings: {
        clusterName: "kit",
        clusterEndpoint: "https://cluster.example",
        interruptionQueue: "karpenter-interruption",
      },
    });
  });

  test("the controller comes after its role, its CRDs, its events and what the caller names; so it goes before them", async () => {
    const order = await creationOrder(() => {
      const nodes = new aws.iam.Role("nodes", { assumeRolePolicy: "{}" });
      new Karpenter("karpenter", args([nodes]));
    });
    for (const earlier of [
      "PodIdentityAssociation karpenter",
      "RolePolicy karpenter-nodes",
      "Release karpenter-crd",
      "QueuePolicy karpenter-interruption",
      "EventTarget karpenter-spot-interruption",
      "Role nodes",
    ])
      expect(order.waits("Release karpenter", earlier), earlier).toBe(true);
    expect(order.waits("Release karpenter-crd", "Role nodes")).toBe(true);
  });
});

test("the chart's values", () => {
  expect(karpenterValues({ replicas: 1, clusterName: "kit", clusterEndpoint: "https://c", queueName: "q" })).toEqual({
    replicas: 1,
    serviceAccount: { name: "karpenter" },
    dnsPolicy: "Default",
    nodeSelector: { "pilotlight.dev/role": "system" },
    controller: { resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "1Gi" } } },
    settings: { clusterName: "kit", clusterEndpoint: "https://c", eksControlPlane: true, interruptionQueue: "q" },
  });
});
