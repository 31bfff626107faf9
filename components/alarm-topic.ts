import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PolicyDocument } from "./policy-document";

export interface AlarmTopicArgs {
  /** The stack's name in AWS, such as `pilotlight-dev`. */
  stack: string;
  partition: pulumi.Input<string>;
  accountId: pulumi.Input<string>;
  /** Addresses that are told; each has to confirm by the mail that AWS sends it. */
  emails: readonly string[];
}

/** Services of AWS that tell something here, with the ARNs of what they may speak for. */
const PUBLISHERS = {
  Alarms: { service: "cloudwatch.amazonaws.com", sources: "cloudwatch:*:ACCOUNT:alarm:*" },
  Budgets: { service: "budgets.amazonaws.com", sources: "budgets::ACCOUNT:*" },
} as const;

interface TopicFacts {
  readonly partition: string;
  readonly accountId: string;
}

/** Where people hear of what a stack does with money, and of alarms. */
export class AlarmTopic extends pulumi.ComponentResource {
  readonly topic: aws.sns.Topic;
  /** Who publishes with rights of its own needs kms:GenerateDataKey and kms:Decrypt on it. */
  readonly keyArn: pulumi.Output<string>;
  /** A topic into which AWS's services may publish. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: AlarmTopicArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:AlarmTopic", name, {}, opts);
    const parent = { parent: this };
    const { stack } = args;
    const facts = pulumi.all([args.partition, args.accountId]);

    const key = createKey();
    const topic = new aws.sns.Topic(name, { name: `${stack}-alarms`, kmsMasterKeyId: key.arn }, parent);
    const policy = createPolicy();
    for (const endpoint of args.emails)
      new aws.sns.TopicSubscription(
        `${name}-${endpoint}`,
        { topic: topic.arn, protocol: "email", endpoint },
        // Nothing is said to anybody before AWS's services may say it.
        { ...parent, dependsOn: [policy] },
      );

    this.topic = topic;
    this.keyArn = key.arn;
    this.ready = [topic, policy];
    this.registerOutputs({});

    // A key of our own, for a dollar a month: the policy of alias/aws/sns cannot be changed and lets neither CloudWatch nor
    // Budgets in, so their messages would be lost without a word. Source: SNS developer guide, key management.
    function createKey() {
      const made = new aws.kms.Key(
        name,
        {
          description: `Alarms of ${stack}`,
          enableKeyRotation: true,
          deletionWindowInDays: 7,
          policy: facts.apply(([partition, accountId]) => JSON.stringify(topicKeyPolicy({ partition, accountId }))),
        },
        parent,
      );
      new aws.kms.Alias(name, { name: `alias/${stack}-alarms`, targetKeyId: made.keyId }, parent);
      return made;
    }

    function createPolicy() {
      return new aws.sns.TopicPolicy(
        name,
        {
          arn: topic.arn,
          policy: pulumi
            .all([facts, topic.arn])
            .apply(([[partition, accountId], arn]) => JSON.stringify(topicPolicy(arn, { partition, accountId }))),
        },
        parent,
      );
    }
  }
}

const publishing = ({ partition, accountId }: TopicFacts, action: readonly string[], resource: string) =>
  Object.entries(PUBLISHERS).map(([Sid, { service, sources }]) => ({
    Sid,
    Effect: "Allow" as const,
    Principal: { Service: [service] },
    Action: action,
    Resource: resource,
    // Without it these services could be made to speak for another account.
    Condition: {
      StringEquals: { "aws:SourceAccount": accountId },
      ArnLike: { "aws:SourceArn": `arn:${partition}:${sources.replace("ACCOUNT", accountId)}` },
    },
  }));

/** Who may publish besides roles of this account, whose own policies decide. */
export function topicPolicy(topicArn: string, facts: TopicFacts): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      ...publishing(facts, ["sns:Publish"], topicArn),
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: ["sns:Publish"],
        Resource: topicArn,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}

/** The key is the account's to manage, as KMS's own default has it, and the publishers' to use. */
export function topicKeyPolicy(facts: TopicFacts): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Account",
        Effect: "Allow",
        Principal: { AWS: [`arn:${facts.partition}:iam::${facts.accountId}:root`] },
        Action: ["kms:*"],
        Resource: "*",
      },
      ...publishing(facts, ["kms:Decrypt", "kms:GenerateDataKey*"], "*"),
    ],
  };
}
