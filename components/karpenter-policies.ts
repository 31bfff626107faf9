import type { PolicyDocument, Statement } from "./policy-document";

/*
 * What Karpenter may do in the account, split by purpose as upstream does since v1.14. Pure: text in, documents out.
 * Facts (actions and the tags Karpenter sets) from aws/karpenter-provider-aws, tag v1.14.1, its CloudFormation template.
 */

interface KarpenterFacts {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly clusterName: string;
  /** The role its nodes get; it may pass no other. */
  readonly nodeRoleArn: string;
  readonly queueArn: string;
}

export const KARPENTER_POLICIES = ["nodes", "profiles", "cluster", "interruption", "discovery"] as const;
type KarpenterPolicy = (typeof KARPENTER_POLICIES)[number];

const document = (...Statement: Statement[]): PolicyDocument => ({ Version: "2012-10-17", Statement });

/** Karpenter's policies. Whatever it changes carries, or is made with, the tags of this cluster. */
export function karpenterPolicies(facts: KarpenterFacts): Record<KarpenterPolicy, PolicyDocument> {
  const { partition, region, accountId, clusterName, nodeRoleArn, queueArn } = facts;
  const ec2 = (...kinds: string[]) => kinds.map((kind) => `arn:${partition}:ec2:${region}:${accountId}:${kind}/*`);
  const publicEc2 = (...kinds: string[]) => kinds.map((kind) => `arn:${partition}:ec2:${region}:*:${kind}/*`);
  const ownerTag = `kubernetes.io/cluster/${clusterName}`;
  const owned = { [`aws:ResourceTag/${ownerTag}`]: "owned" };
  const tagged = { [`aws:RequestTag/${ownerTag}`]: "owned", "aws:RequestTag/eks:eks-cluster-name": clusterName };
  const anyPool = { "aws:ResourceTag/karpenter.sh/nodepool": "*" };
  const anyPoolTagged = { "aws:RequestTag/karpenter.sh/nodepool": "*" };
  const profiles = `arn:${partition}:iam::${accountId}:instance-profile/*`;
  const madeHere = ec2("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request");

  return {
    nodes: document(
      {
        Sid: "LaunchFrom",
        Effect: "Allow",
        Action: ["ec2:RunInstances", "ec2:CreateFleet"],
        // Images and snapshots have no account in their ARN; reservations and subnets may be shared from another one.
        Resource: [
          `arn:${partition}:ec2:${region}::image/*`,
          `arn:${partition}:ec2:${region}::snapshot/*`,
          ...publicEc2("security-group", "subnet", "capacity-reservation", "placement-group"),
        ],
      },
      {
        Sid: "LaunchFromOwnTemplates",
        Effect: "Allow",
        Action: ["ec2:RunInstances", "ec2:CreateFleet"],
        Resource: ec2("launch-template"),
        Condition: { StringEquals: owned, StringLike: anyPool },
      },
      {
        Sid: "LaunchTagged",
        Effect: "Allow",
        Action: ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"],
        Resource: madeHere,
        Condition: { StringEquals: tagged, StringLike: anyPoolTagged },
      },
      {
        Sid: "TagAtLaunch",
        Effect: "Allow",
        Action: ["ec2:CreateTags"],
        Resource: madeHere,
        Condition: {
          StringEquals: { ...tagged, "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"] },
          StringLike: anyPoolTagged,
        },
      },
      {
        Sid: "TagOwnInstances",
        Effect: "Allow",
        Action: ["ec2:CreateTags"],
        Resource: ec2("instance"),
        Condition: {
          StringEquals: owned,
          StringLike: anyPool,
          StringEqualsIfExists: { "aws:RequestTag/eks:eks-cluster-name": clusterName },
          "ForAllValues:StringEquals": { "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] },
        },
      },
      {
        Sid: "RemoveOwn",
        Effect: "Allow",
        Action: ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
        Resource: ec2("instance", "launch-template"),
        Condition: { StringEquals: owned, StringLike: anyPool },
      },
      {
        // An account that never had a spot instance lacks this role, and the first spot launch would fail.
        Sid: "FirstSpotInstance",
        Effect: "Allow",
        Action: ["iam:CreateServiceLinkedRole"],
        Resource: `arn:${partition}:iam::${accountId}:role/aws-service-role/spot.amazonaws.com/*`,
        Condition: { StringEquals: { "iam:AWSServiceName": "spot.amazonaws.com" } },
      },
    ),
    profiles: document(
      {
        Sid: "PassNodeRole",
        Effect: "Allow",
        Action: ["iam:PassRole"],
        Resource: nodeRoleArn,
        Condition: { StringEquals: { "iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"] } },
      },
      {
        Sid: "CreateProfile",
        Effect: "Allow",
        Action: ["iam:CreateInstanceProfile"],
        Resource: profiles,
        Condition: {
          StringEquals: { ...tagged, "aws:RequestTag/topology.kubernetes.io/region": region },
          StringLike: { "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass": "*" },
        },
      },
      {
        Sid: "TagOwnProfile",
        Effect: "Allow",
        Action: ["iam:TagInstanceProfile"],
        Resource: profiles,
        Condition: {
          StringEquals: {
            ...owned,
            "aws:ResourceTag/topology.kubernetes.io/region": region,
            ...tagged,
            "aws:RequestTag/topology.kubernetes.io/region": region,
          },
          StringLike: {
            "aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass": "*",
            "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass": "*",
          },
        },
      },
      {
        Sid: "ChangeOwnProfile",
        Effect: "Allow",
        Action: ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
        Resource: profiles,
        Condition: {
          StringEquals: { ...owned, "aws:ResourceTag/topology.kubernetes.io/region": region },
          StringLike: { "aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass": "*" },
        },
      },
    ),
    cluster: document({
      Sid: "DescribeCluster",
      Effect: "Allow",
      Action: ["eks:DescribeCluster"],
      Resource: `arn:${partition}:eks:${region}:${accountId}:cluster/${clusterName}`,
    }),
    interruption: document({
      Sid: "ReadQueue",
      Effect: "Allow",
      Action: ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
      Resource: queueArn,
    }),
    discovery: document(
      {
        Sid: "DescribeRegion",
        Effect: "Allow",
        Action: [
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
        Resource: "*",
        Condition: { StringEquals: { "aws:RequestedRegion": region } },
      },
      {
        Sid: "ImageParameters",
        Effect: "Allow",
        Action: ["ssm:GetParameter"],
        Resource: `arn:${partition}:ssm:${region}::parameter/aws/service/*`,
      },
      { Sid: "Prices", Effect: "Allow", Action: ["pricing:GetProducts"], Resource: "*" },
      // Karpenter's clean-up of left-over profiles lists them all; IAM has no narrower form of this call.
      { Sid: "ListProfiles", Effect: "Allow", Action: ["iam:ListInstanceProfiles"], Resource: "*" },
      { Sid: "ReadProfiles", Effect: "Allow", Action: ["iam:GetInstanceProfile"], Resource: profiles },
    ),
  };
}

/**
 * Who may write into the interruption queue: EventBridge, for this stack's own rules, over TLS.
 * @param ruleArns ARNs of the rules; without them the service could be made to send by a rule of any account.
 */
export function interruptionQueuePolicy(queueArn: string, ruleArns: readonly string[]): PolicyDocument {
  return document(
    {
      Sid: "EventsMaySend",
      Effect: "Allow",
      Principal: { Service: ["events.amazonaws.com"] },
      Action: ["sqs:SendMessage"],
      Resource: queueArn,
      // What EventBridge says of itself to SQS. Source: EventBridge user guide, resource-based policies, Amazon SQS.
      Condition: { ArnEquals: { "aws:SourceArn": ruleArns } },
    },
    {
      Sid: "TlsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: ["sqs:*"],
      Resource: queueArn,
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  );
}
