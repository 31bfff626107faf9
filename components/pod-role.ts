import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface PodRoleArgs {
  clusterName: pulumi.Input<string>;
  /** Namespace and name of the service account that may use the role; the account itself comes with the chart. */
  namespace: pulumi.Input<string>;
  serviceAccount: string;
  /** IAM policy documents (JSON) by a short name; each becomes an inline policy. */
  policies: Readonly<Record<string, pulumi.Input<string>>>;
  /** ARN of the permissions boundary that the account demands of every role. */
  permissionsBoundary?: string;
  /** Others than this program put policies on the role: they go with it, as IAM refuses to delete a role that has any. */
  forceDetachPolicies?: boolean;
}

/** Trust policy of a role that pods get by EKS Pod Identity. */
export const TRUST_POD_IDENTITY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "pods.eks.amazonaws.com" },
      // Pod Identity tags its sessions with cluster, namespace and account; without TagSession the pod gets no credentials.
      Action: ["sts:AssumeRole", "sts:TagSession"],
    },
  ],
});

/**
 * An IAM role for the pods of one service account, by EKS Pod Identity.
 * Pods must be created after `association`: the agent hands out credentials only to pods that start later.
 */
export class PodRole extends pulumi.ComponentResource {
  readonly role: aws.iam.Role;
  readonly association: aws.eks.PodIdentityAssociation;

  constructor(name: string, args: PodRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:PodRole", name, {}, opts);

    this.role = new aws.iam.Role(
      name,
      {
        assumeRolePolicy: TRUST_POD_IDENTITY,
        permissionsBoundary: args.permissionsBoundary,
        forceDetachPolicies: args.forceDetachPolicies,
      },
      { parent: this },
    );

    const policies = Object.entries(args.policies).map(
      ([key, policy]) => new aws.iam.RolePolicy(`${name}-${key}`, { role: this.role.name, policy }, { parent: this }),
    );

    this.association = new aws.eks.PodIdentityAssociation(
      name,
      {
        clusterName: args.clusterName,
        namespace: args.namespace,
        serviceAccount: args.serviceAccount,
        roleArn: this.role.arn,
      },
      // On destroy the association goes first and the permissions outlive the controller that needs them.
      { parent: this, dependsOn: policies },
    );

    this.registerOutputs({});
  }
}
