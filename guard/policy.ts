import { LAUNCHED_TAG } from "./instances";
import { GPU_POOL_TAG, STACK_TAG } from "./tags";

/*
 * What the spend guard may do in the account, and what it denies Karpenter while GPUs are switched off. Pure: text in,
 * documents out. Its log group is no part of it: whoever makes the function makes that.
 */

interface GuardStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

interface GuardDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly GuardStatement[];
}

/** Name of the inline policy on Karpenter's role by which GPUs are off. */
export const DENY_POLICY = "pilotlight-gpu-off";

/**
 * Both ways in which Karpenter could start an instance. What runs it may still drain and end.
 *
 * A launch for a NodePool carries the pool's name in a tag. The dry runs by which Karpenter checks an EC2NodeClass carry that
 * tag without a value (v1.14.1, pkg/controllers/nodeclass/validation.go), and must pass: it keeps a refusal for 30 minutes,
 * for which nothing would be launched after a wake.
 */
export const denyLaunches = (): GuardDocument => ({
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "GpuOff",
      Effect: "Deny",
      Action: ["ec2:RunInstances", "ec2:CreateFleet"],
      Resource: "*",
      Condition: { StringLike: { [`aws:RequestTag/${LAUNCHED_TAG}`]: "?*" } },
    },
  ],
});

export interface GuardPolicyArgs {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  /** The stack's name in AWS. */
  readonly stack: string;
  /** Name (without a path) of the role that is denied launches; none without an elastic pool. */
  readonly launchRole?: string;
  /** Name of the SSM parameter, with its first slash. */
  readonly stateParameter: string;
  readonly topicArn: string;
  /** Customer managed key of the topic, if it has one: who publishes must be able to use it. */
  readonly topicKeyArn?: string;
  /** ARNs of the steady pools' managed node groups. */
  readonly nodeGroupArns: readonly string[];
}

/** Reads are of everything where IAM knows no smaller resource; changes are of things of this stack alone. */
export function guardPolicy(args: GuardPolicyArgs): GuardDocument {
  const { partition, region, accountId, stack, launchRole, stateParameter, topicArn, topicKeyArn, nodeGroupArns } =
    args;
  const arn = (service: string, resource: string, where = region) =>
    `arn:${partition}:${service}:${where}:${accountId}:${resource}`;
  const statements: (GuardStatement | undefined)[] = [
    {
      Sid: "SeeInstancesAndUse",
      Effect: "Allow",
      // Neither knows resources or a condition that would narrow it to one stack.
      Action: ["ec2:DescribeInstances", "cloudwatch:GetMetricData"],
      Resource: "*",
    },
    {
      Sid: "EndOwnGpuInstances",
      Effect: "Allow",
      Action: ["ec2:TerminateInstances"],
      Resource: [arn("ec2", "instance/*")],
      Condition: {
        StringEquals: { [`aws:ResourceTag/${STACK_TAG}`]: stack },
        // Any value will do, but the tag must be there: system nodes carry the stack's tag alone.
        StringLike: { [`aws:ResourceTag/${GPU_POOL_TAG}`]: "*" },
      },
    },
    {
      Sid: "KeepState",
      Effect: "Allow",
      Action: ["ssm:GetParameter", "ssm:PutParameter"],
      Resource: [arn("ssm", `parameter${stateParameter}`)],
    },
    { Sid: "Tell", Effect: "Allow", Action: ["sns:Publish"], Resource: [topicArn] },
    topicKeyArn === undefined
      ? undefined
      : {
          Sid: "EncryptWhatIsTold",
          Effect: "Allow",
          Action: ["kms:GenerateDataKey", "kms:Decrypt"],
          Resource: [topicKeyArn],
          Condition: { StringLike: { "kms:ViaService": "sns.*.amazonaws.com*" } },
        },
    // IAM has no condition on an inline policy's name, so this is every inline policy of that one role.
    launchRole === undefined
      ? undefined
      : {
          Sid: "DenyAndAllowLaunches",
          Effect: "Allow",
          Action: ["iam:PutRolePolicy", "iam:DeleteRolePolicy"],
          Resource: [arn("iam", `role/${launchRole}`, "")],
        },
    nodeGroupArns.length === 0
      ? undefined
      : {
          Sid: "SizeSteadyGroups",
          Effect: "Allow",
          Action: ["eks:DescribeNodegroup", "eks:UpdateNodegroupConfig"],
          Resource: nodeGroupArns,
        },
  ];
  return { Version: "2012-10-17", Statement: statements.filter((each) => each !== undefined) };
}
