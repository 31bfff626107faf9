import { expect, test } from "vitest";
import { interruptionQueuePolicy, KARPENTER_POLICIES, karpenterPolicies } from "../../components/karpenter-policies";
import { actionsOf, decide, tooWide, unconditioned } from "./policies";

const facts = {
  partition: "aws",
  region: "us-east-1",
  accountId: "123456789012",
  clusterName: "kit",
  nodeRoleArn: "arn:aws:iam::123456789012:role/node",
  queueArn: "arn:aws:sqs:us-east-1:123456789012:q",
};
const policies = karpenterPolicies(facts);

test("each statement allows exactly these actions", () => {
  expect(Object.fromEntries(KARPENTER_POLICIES.map((name) => [name, actionsOf(policies[name])]))).toEqual({
    nodes: {
      LaunchFrom: ["ec2:RunInstances", "ec2:CreateFleet"],
      LaunchFromOwnTemplates: ["ec2:RunInstances", "ec2:CreateFleet"],
      LaunchTagged: ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"],
      TagAtLaunch: ["ec2:CreateTags"],
      TagOwnInstances: ["ec2:CreateTags"],
      RemoveOwn: ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
      FirstSpotInstance: ["iam:CreateServiceLinkedRole"],
    },
    profiles: {
      PassNodeRole: ["iam:PassRole"],
      CreateProfile: ["iam:CreateInstanceProfile"],
      TagOwnProfile: ["iam:TagInstanceProfile"],
      ChangeOwnProfile: [
        "iam:AddRoleToInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:DeleteInstanceProfile",
      ],
    },
    cluster: { DescribeCluster: ["eks:DescribeCluster"] },
    interruption: { ReadQueue: ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"] },
    discovery: {
      DescribeRegion: [
        "ec2:DescribeCapacityReservations",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeLaunchTemplates",
        "ec2:DescribePlacementGroups",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSpotPriceHistory",
        "ec2:DescribeSubnets",
      ],
      ImageParameters: ["ssm:GetParameter"],
      Prices: ["pricing:GetProducts"],
      ListProfiles: ["iam:ListInstanceProfiles"],
      ReadProfiles: ["iam:GetInstanceProfile"],
    },
  });
});

test("no statement allows everything, and what changes something is bound to this cluster's tags", () => {
  expect(KARPENTER_POLICIES.flatMap((name) => tooWide(policies[name]))).toEqual([]);
  // A launch is bound by its templates and tags (the two statements after LaunchFrom); the queue is Karpenter's alone.
  expect(KARPENTER_POLICIES.flatMap((name) => unconditioned(policies[name]))).toEqual(["LaunchFrom", "ReadQueue"]);
  for (const sid of ["LaunchFromOwnTemplates", "TagOwnInstances", "RemoveOwn"])
    expect(policies.nodes.Statement.find(({ Sid }) => Sid === sid)?.Condition?.StringEquals).toMatchObject({
      "aws:ResourceTag/kubernetes.io/cluster/kit": "owned",
    });
  for (const sid of ["LaunchTagged", "TagAtLaunch"])
    expect(policies.nodes.Statement.find(({ Sid }) => Sid === sid)?.Condition?.StringEquals).toMatchObject({
      "aws:RequestTag/kubernetes.io/cluster/kit": "owned",
      "aws:RequestTag/eks:eks-cluster-name": "kit",
    });
});

test("it passes the node role alone, and to EC2 alone", () => {
  expect(policies.profiles.Statement.find(({ Sid }) => Sid === "PassNodeRole")).toMatchObject({
    Resource: facts.nodeRoleArn,
    Condition: { StringEquals: { "iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"] } },
  });
});

test("profiles are listed without a resource, which IAM does not take for that call", () => {
  expect(policies.discovery.Statement.find(({ Sid }) => Sid === "ListProfiles")?.Resource).toBe("*");
});

test("each document fits an inline policy of its own", () => {
  // IAM counts all inline policies of a role together, without white space: 10,240 characters.
  const sizes = KARPENTER_POLICIES.map((name) => JSON.stringify(policies[name]).replaceAll(" ", "").length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(10_240 - 1_000);
});

test("the queue takes messages from EventBridge for this stack's rules, and nothing without TLS", () => {
  const policy = interruptionQueuePolicy("arn:q", ["arn:rule/spot", "arn:rule/health"]);
  expect(policy.Statement).toEqual([
    {
      Sid: "EventsMaySend",
      Effect: "Allow",
      Principal: { Service: ["events.amazonaws.com"] },
      Action: ["sqs:SendMessage"],
      Resource: "arn:q",
      Condition: { ArnEquals: { "aws:SourceArn": ["arn:rule/spot", "arn:rule/health"] } },
    },
    {
      Sid: "TlsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: ["sqs:*"],
      Resource: "arn:q",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ]);
  const send = (context: Record<string, string>) =>
    decide(policy, { action: "sqs:SendMessage", resource: "arn:q", context });
  expect(send({ "aws:SourceArn": "arn:rule/spot", "aws:SecureTransport": "true" })).toBe("allowed");
  expect(send({ "aws:SourceArn": "arn:rule/spot", "aws:SecureTransport": "false" })).toBe("denied");
  expect(send({ "aws:SourceArn": "arn:elsewhere/rule", "aws:SecureTransport": "true" })).toBe("not allowed");
});
