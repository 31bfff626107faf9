import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface NodeRoleArgs {
  /** AWS partition (`aws`, `aws-cn`, `aws-us-gov`) for the ARNs of managed policies. */
  partition: pulumi.Input<string>;
  permissionsBoundary?: string;
}

const TRUST_EC2 = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** Join the cluster and pull images. The CNI has its own role, and pods use Pod Identity, so a node needs no more. */
const MANAGED_POLICIES = {
  worker: "AmazonEKSWorkerNodePolicy",
  pull: "AmazonEC2ContainerRegistryPullOnly",
} as const;

/** The IAM role of EC2 nodes. */
export class NodeRole extends pulumi.ComponentResource {
  readonly role: aws.iam.Role;
  /** What must exist before a node starts and until the last one is gone. */
  readonly attachments: pulumi.Resource[];

  constructor(name: string, args: NodeRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:NodeRole", name, {}, opts);

    this.role = new aws.iam.Role(
      name,
      { assumeRolePolicy: TRUST_EC2, permissionsBoundary: args.permissionsBoundary },
      { parent: this },
    );
    this.attachments = Object.entries(MANAGED_POLICIES).map(
      ([key, policy]) =>
        new aws.iam.RolePolicyAttachment(
          `${name}-${key}`,
          { role: this.role.name, policyArn: pulumi.interpolate`arn:${args.partition}:iam::aws:policy/${policy}` },
          { parent: this },
        ),
    );
    this.registerOutputs({});
  }
}
