import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { kubeconfig } from "./kubeconfig";
import type { NetworkShape } from "./network";
import { NodeRole } from "./node-role";

export interface ClusterArgs {
  /** Name of the EKS cluster; fixed, because log group, tags and policies carry it. */
  clusterName: string;
  /** Kubernetes minor version, for example `1.35`. */
  kubernetes: string;
  network: NetworkShape;
  region: string;
  partition: pulumi.Input<string>;
  /** Ranges that may reach the public API endpoint; none makes the API private to the VPC. */
  apiCidrs: string[];
  /** ARNs of roles and users that administer the cluster, besides who creates it: EKS has an entry for them already. */
  admins: string[];
  permissionsBoundary?: string;
}

const TRUST_EKS = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] },
  ],
});

/** Days that control plane logs are kept. */
const LOG_RETENTION_DAYS = 30;

/** An EKS control plane: access entries only, secrets encrypted with the account's own key, logs kept. No nodes. */
export class Cluster extends pulumi.ComponentResource {
  /** Known once the cluster exists, so that what uses it waits for the cluster. */
  readonly clusterName: pulumi.Output<string>;
  readonly endpoint: pulumi.Output<string>;
  /** Security group that EKS puts on control plane and nodes. */
  readonly securityGroupId: pulumi.Output<string>;
  /** Secret: who reads it still needs AWS credentials, but the CA and endpoint are nobody else's business. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: k8s.Provider;
  /** Role of managed node groups; EKS grants it access by itself. */
  readonly nodeRole: NodeRole;
  /** Role of the nodes that Karpenter launches. */
  readonly elasticNodeRole: NodeRole;
  /** The access entry by which Karpenter's nodes may join. */
  readonly elasticNodeAccess: aws.eks.AccessEntry;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Cluster", name, {}, opts);
    const parent = { parent: this };
    const { clusterName, partition, permissionsBoundary } = args;

    const key = createKey();
    const logs = createLogGroup();
    const role = createRole();
    const cluster = createCluster();
    const admins = [...new Set(args.admins)].flatMap(createAdmin);
    const nodeRole = new NodeRole(`${name}-node`, { partition, permissionsBoundary }, parent);
    const elasticNodeRole = new NodeRole(`${name}-elastic-node`, { partition, permissionsBoundary }, parent);

    this.clusterName = cluster.name;
    this.endpoint = cluster.endpoint;
    this.securityGroupId = cluster.vpcConfig.clusterSecurityGroupId;
    this.nodeRole = nodeRole;
    this.elasticNodeRole = elasticNodeRole;
    this.elasticNodeAccess = createElasticNodeAccess();
    this.kubeconfig = createKubeconfig();
    this.provider = new k8s.Provider(
      name,
      { kubeconfig: this.kubeconfig, enableServerSideApply: true },
      // Who may call the API, and the way to it, must outlive every object in it.
      { ...parent, dependsOn: [cluster, ...admins, ...args.network.routes] },
    );
    this.registerOutputs({});

    function createKey() {
      const kmsKey = new aws.kms.Key(
        name,
        { description: `Secrets of the EKS cluster ${clusterName}`, enableKeyRotation: true, deletionWindowInDays: 7 },
        parent,
      );
      new aws.kms.Alias(name, { name: `alias/${clusterName}`, targetKeyId: kmsKey.keyId }, parent);
      return kmsKey;
    }

    // Made before the cluster, which would otherwise make it itself and keep its logs for ever; destroyed after it. What
    // EKS still delivers after that makes the group anew, in AWS's own service role, which no policy of ours can stop:
    // docs/idle-costs.md says how to remove it. Source: terraform-aws-modules/terraform-aws-eks#2446 and #2763.
    function createLogGroup() {
      return new aws.cloudwatch.LogGroup(
        name,
        { name: `/aws/eks/${clusterName}/cluster`, retentionInDays: LOG_RETENTION_DAYS },
        parent,
      );
    }

    function createRole() {
      const clusterRole = new aws.iam.Role(name, { assumeRolePolicy: TRUST_EKS, permissionsBoundary }, parent);
      const attachment = new aws.iam.RolePolicyAttachment(
        name,
        {
          role: clusterRole.name,
          policyArn: pulumi.interpolate`arn:${partition}:iam::aws:policy/AmazonEKSClusterPolicy`,
        },
        parent,
      );
      return { clusterRole, attachment };
    }

    function createCluster() {
      return new aws.eks.Cluster(
        name,
        {
          name: clusterName,
          version: args.kubernetes,
          roleArn: role.clusterRole.arn,
          accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
          // Addons are resources of their own, pinned.
          bootstrapSelfManagedAddons: false,
          // Extended support is six times the price; an outdated cluster is upgraded by AWS instead.
          upgradePolicy: { supportType: "STANDARD" },
          encryptionConfig: { provider: { keyArn: key.arn }, resources: ["secrets"] },
          enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
          vpcConfig: {
            subnetIds: args.network.privateSubnetIds,
            endpointPrivateAccess: true,
            endpointPublicAccess: args.apiCidrs.length > 0,
            ...(args.apiCidrs.length > 0 ? { publicAccessCidrs: args.apiCidrs } : {}),
          },
        },
        { ...parent, dependsOn: [logs, role.attachment, ...args.network.routes] },
      );
    }

    function createAdmin(principalArn: string): pulumi.Resource[] {
      // All that tells one principal from another: a role and a user may have the same name.
      const admin = `${name}-admin-${principalArn.split(":").slice(4).join("-").replaceAll("/", "-")}`;
      const entry = new aws.eks.AccessEntry(admin, { clusterName: cluster.name, principalArn }, parent);
      const policy = new aws.eks.AccessPolicyAssociation(
        admin,
        {
          clusterName: cluster.name,
          principalArn,
          policyArn: pulumi.interpolate`arn:${partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
          accessScope: { type: "cluster" },
        },
        { ...parent, dependsOn: [entry] },
      );
      return [entry, policy];
    }

    // Managed groups make the entry of their role themselves; Karpenter's nodes have a role of their own.
    function createElasticNodeAccess() {
      return new aws.eks.AccessEntry(
        `${name}-elastic-node`,
        { clusterName: cluster.name, principalArn: elasticNodeRole.role.arn, type: "EC2_LINUX" },
        parent,
      );
    }

    function createKubeconfig() {
      return pulumi.secret(
        pulumi
          .all([cluster.name, cluster.endpoint, cluster.certificateAuthority.data])
          .apply(([clusterNameKnown, endpoint, certificateAuthority]) =>
            kubeconfig({ clusterName: clusterNameKnown, region: args.region, endpoint, certificateAuthority }),
          ),
      );
    }
  }
}
