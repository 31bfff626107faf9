import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  type GpuPoolSpec,
  gpuTags,
  managedRelease,
  NODE_CONFIG_FEATURES,
  type NodeImage,
  nodeClassSpec,
  nodeConfig,
  nodePools,
  steadyFault,
} from "./gpu-pool-objects";
import { GPU_TAINT, gpuNodeLabels } from "./scheduling";

export interface ElasticGpuPoolArgs {
  pool: GpuPoolSpec;
  image: NodeImage;
  /** Role of the nodes that Karpenter launches. */
  nodeRoleName: pulumi.Input<string>;
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  /** Tags of instances and volumes; the provider's default tags do not reach what Karpenter launches. */
  tags: Readonly<Record<string, string>>;
  /** Longest time a pod of this pool may need to end: its last answer, and a margin. */
  drainSeconds: number;
  /** Karpenter and its CRDs. */
  after: pulumi.Resource[];
}

/** What a deletion waits for besides the drain: instances that end, and interfaces that are given back. */
const TERMINATION_SECONDS = 900;

/** GPU nodes that come with the pods that need them and go when they are empty. */
export class ElasticGpuPool extends pulumi.ComponentResource {
  /** What pods of this pool depend on. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: ElasticGpuPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:ElasticGpuPool", name, {}, opts);
    const { pool } = args;

    const nodeClass = new k8s.apiextensions.CustomResource(
      name,
      {
        apiVersion: "karpenter.k8s.aws/v1",
        kind: "EC2NodeClass",
        metadata: { name: pool.name },
        spec: nodeClassSpec(args),
      },
      { parent: this, dependsOn: args.after },
    );
    this.ready = nodePools(args).map(
      ({ name: step, spec }) =>
        new k8s.apiextensions.CustomResource(
          `${name}-${step.slice(pool.name.length + 1)}`,
          { apiVersion: "karpenter.sh/v1", kind: "NodePool", metadata: { name: step }, spec },
          {
            parent: this,
            dependsOn: [nodeClass, ...args.after],
            // Deleting a pool waits until its nodes are drained and gone.
            customTimeouts: { delete: `${args.drainSeconds + TERMINATION_SECONDS}s` },
          },
        ),
    );
    this.registerOutputs({});
  }
}

export interface SteadyGpuPoolArgs {
  pool: GpuPoolSpec;
  clusterName: pulumi.Input<string>;
  image: NodeImage;
  /** Kubernetes minor version of the cluster, which the nodes follow. */
  kubernetes: string;
  nodeRoleArn: pulumi.Input<string>;
  /** Private subnets; of a capacity block's zone alone where the pool has one. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  tags: Readonly<Record<string, string>>;
  /** Node role policies and the addons without which a node is not ready. */
  after: pulumi.Resource[];
}

/** GPU nodes that always run: a managed node group, on demand or in a capacity block. */
export class SteadyGpuPool extends pulumi.ComponentResource {
  readonly nodeGroup: aws.eks.NodeGroup;
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: SteadyGpuPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    const { pool } = args;
    const fault = steadyFault(args);
    // Before the component itself is registered: what cannot work leaves no trace in the state.
    if (fault !== undefined) throw new pulumi.RunError(`GPU pool "${pool.name}": ${fault}`);
    super("pilotlight:index:SteadyGpuPool", name, {}, opts);
    const block = pool.capacityBlockId;
    const releaseVersion = managedRelease(args);

    const template = new aws.ec2.LaunchTemplate(
      name,
      {
        userData: Buffer.from(steadyUserData()).toString("base64"),
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: { volumeType: "gp3", volumeSize: pool.diskGib, encrypted: "true", deleteOnTermination: "true" },
          },
        ],
        tagSpecifications: ["instance", "volume"].map((resourceType) => ({
          resourceType,
          tags: gpuTags(pool, args.tags),
        })),
        ...(block === undefined ? {} : capacityBlock(block, pool.instanceTypes[0])),
      },
      { parent: this },
    );
    this.nodeGroup = new aws.eks.NodeGroup(
      name,
      {
        clusterName: args.clusterName,
        nodeRoleArn: args.nodeRoleArn,
        subnetIds: args.subnetIds,
        amiType: "AL2023_x86_64_NVIDIA",
        // Both follow the cluster: a group that names no version stays behind when the control plane is upgraded.
        version: args.kubernetes,
        releaseVersion,
        // A capacity block is of one type, and EKS takes that from the launch template or not at all.
        ...(block === undefined ? { instanceTypes: [...pool.instanceTypes] } : {}),
        capacityType: block === undefined ? "ON_DEMAND" : "CAPACITY_BLOCK",
        launchTemplate: { id: template.id, version: pulumi.interpolate`${template.latestVersion}` },
        // No autoscaler touches this group, so `up` sets its size and puts it right after a hand, or the spend guard,
        // has changed it: the desired size is not ignored. A minimum of 0 lets them.
        scalingConfig: { minSize: 0, desiredSize: pool.steadyNodes, maxSize: pool.steadyNodes },
        // A spare GPU node for an update may not be had: take one down before its successor starts.
        updateConfig: { maxUnavailable: 1, updateStrategy: "MINIMAL" },
        labels: gpuNodeLabels(pool.name, pool.gpu),
        taints: [{ key: GPU_TAINT.key, value: GPU_TAINT.value, effect: "NO_SCHEDULE" }],
      },
      { parent: this, dependsOn: args.after },
    );
    this.ready = [this.nodeGroup];
    this.registerOutputs({});
  }
}

/** Without each of these three EKS refuses the group. Source: EKS user guide, managed node groups with Capacity Blocks. */
const capacityBlock = (capacityReservationId: string, instanceType: string | undefined) => ({
  instanceType,
  instanceMarketOptions: { marketType: "capacity-block" },
  capacityReservationSpecification: { capacityReservationTarget: { capacityReservationId } },
});

/** Same set-up as elastic nodes: NVMe as one RAID 0, parallel pulls. EKS adds its own part with the cluster's address. */
export function steadyUserData(): string {
  const boundary = "pilotlight-node-config";
  return [
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    "Content-Type: application/node.eks.aws",
    "",
    nodeConfig({ featureGates: NODE_CONFIG_FEATURES, instance: { localStorage: { strategy: "RAID0" } } }),
    `--${boundary}--`,
    "",
  ].join("\n");
}
