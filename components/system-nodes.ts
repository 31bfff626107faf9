import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { NodeRole } from "./node-role";
import { TRUST_POD_IDENTITY } from "./pod-role";
import { SYSTEM_NODES } from "./scheduling";
import { type AddonName, amis, eksAddons, nodeGroupRelease } from "./versions";

export interface SystemNodesArgs {
  clusterName: pulumi.Input<string>;
  nodeRole: NodeRole;
  subnetIds: pulumi.Input<string>[];
  /** Kubernetes minor version of the cluster: nodes follow it, and the addons are pinned for each. */
  kubernetes: string;
  /** Nodes for controllers, routers and gateway (planner/system-nodes.ts). */
  count: number;
  /** Tags of instances and volumes; the provider's default tags do not reach what a node group launches. */
  tags?: Readonly<Record<string, string>>;
  permissionsBoundary?: string;
}

/** Two vCPU, 8 GiB and 29 pods each, which planner/system-nodes.ts reckons with. */
const INSTANCE_TYPES = ["m7i.large", "m6i.large", "m5.large"];
/** GiB: images of the system pods are small. */
const DISK_GIB = 50;

/** The nodes that every other pod but the engines runs on, and the EKS addons without which no pod runs. */
export class SystemNodes extends pulumi.ComponentResource {
  /** A cluster in which pods start, resolve names and get their roles. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: SystemNodesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:SystemNodes", name, {}, opts);
    const parent = { parent: this };
    const versions = eksAddons[args.kubernetes];

    const agent = addon("eks-pod-identity-agent");
    const proxy = addon("kube-proxy");
    const cni = createCni();
    const nodes = createNodes();
    const dns = addon("coredns", {}, [nodes]);

    this.ready = [nodes, dns, agent];
    this.registerOutputs({});

    function addon(addonName: AddonName, extra: Partial<aws.eks.AddonArgs> = {}, dependsOn: pulumi.Resource[] = []) {
      return new aws.eks.Addon(
        `${name}-${addonName}`,
        {
          clusterName: args.clusterName,
          addonName,
          addonVersion: versions?.[addonName],
          resolveConflictsOnCreate: "OVERWRITE",
          resolveConflictsOnUpdate: "OVERWRITE",
          ...extra,
        },
        { ...parent, dependsOn },
      );
    }

    function createCni() {
      const role = new aws.iam.Role(
        `${name}-cni`,
        { assumeRolePolicy: TRUST_POD_IDENTITY, permissionsBoundary: args.permissionsBoundary },
        parent,
      );
      const attachment = new aws.iam.RolePolicyAttachment(
        `${name}-cni`,
        {
          role: role.name,
          policyArn: pulumi.interpolate`arn:${aws.getPartitionOutput({}, parent).partition}:iam::aws:policy/AmazonEKS_CNI_Policy`,
        },
        parent,
      );
      return addon(
        "vpc-cni",
        {
          // Network policies of the charts are inert without it.
          configurationValues: JSON.stringify({ enableNetworkPolicy: "true" }),
          podIdentityAssociations: [{ roleArn: role.arn, serviceAccount: "aws-node" }],
        },
        [attachment, agent],
      );
    }

    function createNodes() {
      const template = new aws.ec2.LaunchTemplate(
        name,
        {
          // One hop: pods cannot reach the node's credentials.
          metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, httpEndpoint: "enabled" },
          blockDeviceMappings: [
            {
              deviceName: "/dev/xvda",
              ebs: { volumeSize: DISK_GIB, volumeType: "gp3", encrypted: "true", deleteOnTermination: "true" },
            },
          ],
          tagSpecifications: ["instance", "volume"].map((resourceType) => ({
            resourceType,
            tags: { ...args.tags, Name: name },
          })),
        },
        parent,
      );
      return new aws.eks.NodeGroup(
        name,
        {
          clusterName: args.clusterName,
          nodeRoleArn: args.nodeRole.role.arn,
          subnetIds: args.subnetIds,
          amiType: "AL2023_x86_64_STANDARD",
          // Both follow the cluster: a group that names no version stays behind when the control plane is upgraded. A
          // Kubernetes version without a release in the table, which no stack file can name, gets EKS's newest image.
          version: args.kubernetes,
          releaseVersion: nodeGroupRelease(amis.al2023.release, args.kubernetes),
          instanceTypes: INSTANCE_TYPES,
          capacityType: "ON_DEMAND",
          launchTemplate: { id: template.id, version: pulumi.interpolate`${template.latestVersion}` },
          scalingConfig: { minSize: args.count, desiredSize: args.count, maxSize: args.count + 1 },
          updateConfig: { maxUnavailable: 1 },
          labels: SYSTEM_NODES,
        },
        { ...parent, dependsOn: [...args.nodeRole.attachments, cni, proxy, agent] },
      );
    }
  }
}
