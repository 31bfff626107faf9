import type * as pulumi from "@pulumi/pulumi";
import { GPU_POOL_TAG } from "../guard/tags";
import { GPUS, type GpuName } from "../planner/gpus";
import { GPU_TAINT, gpuNodeLabels } from "./scheduling";
import { amis, nodeGroupRelease } from "./versions";

/*
 * Karpenter's objects for one GPU pool: what a node is (EC2NodeClass) and when there is one (NodePool). Pure.
 */

/** A kind of EC2 capacity; Karpenter's own names. */
export type Capacity = "reserved" | "on-demand" | "spot";

/** A GPU pool as the stack file has it, with its instance types filled in. */
export interface GpuPoolSpec {
  readonly name: string;
  readonly gpu: GpuName;
  readonly gpusPerNode: number;
  readonly instanceTypes: readonly string[];
  /** Kinds of capacity in the order to try them. */
  readonly capacity: readonly Capacity[];
  readonly steadyNodes: number;
  /** Elastic GPUs at most. */
  readonly maxGpus: number;
  readonly reservationIds: readonly string[];
  readonly emptyForSeconds: number;
  /** GiB of root volume. */
  readonly diskGib: number;
  /** Capacity block that the steady nodes run in. */
  readonly capacityBlockId?: string;
}

/** Where a node's driver comes from, and by that which image it boots. */
export type NodeImage =
  | { readonly driver: "ami" /** Release of the AL2023 image, for example `v20260714`. */; readonly release: string }
  | {
      readonly driver: "operator" /** Kubernetes minor version: Canonical has an image for each. */;
      readonly kubernetes: string;
    };

/** The first step's weight, and the distance to the next: Karpenter takes the heaviest pool that can still grow. */
const FIRST_WEIGHT = 100;
const WEIGHT_STEP = 10;

/** nodeadm: pull images in parallel chunks (SOCI), since AL2023 release v20250821. */
export const NODE_CONFIG_FEATURES = { FastImagePull: true } as const;

/**
 * The EC2NodeClass `spec`.
 * AL2023 makes one RAID 0 of the instance's NVMe and keeps images, pods and logs there, so the root volume needs no paid
 * throughput. On Ubuntu the root volume carries the images, and parallel pulls need at least 600 MB/s.
 */
export function nodeClassSpec(args: {
  pool: GpuPoolSpec;
  image: NodeImage;
  nodeRoleName: pulumi.Input<string>;
  subnetIds: readonly pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  tags: Readonly<Record<string, string>>;
}) {
  const { pool, image } = args;
  return {
    role: args.nodeRoleName,
    ...imageSpec(pool, image),
    subnetSelectorTerms: args.subnetIds.map((id) => ({ id })),
    securityGroupSelectorTerms: [{ id: args.securityGroupId }],
    ...(pool.capacity.includes("reserved")
      ? { capacityReservationSelectorTerms: pool.reservationIds.map((id) => ({ id })) }
      : {}),
    associatePublicIPAddress: false,
    // One hop: pods cannot reach the node's credentials.
    metadataOptions: {
      httpEndpoint: "enabled",
      httpProtocolIPv6: "disabled",
      httpPutResponseHopLimit: 1,
      httpTokens: "required",
    },
    tags: gpuTags(pool, args.tags),
  };
}

/** Tags of a pool's instances and volumes: by its own the spend guard tells GPU nodes from others, and their pools apart. */
export const gpuTags = (pool: GpuPoolSpec, tags: Readonly<Record<string, string>>) => ({
  ...tags,
  [GPU_POOL_TAG]: pool.name,
  Name: `gpu-${pool.name}`,
});

function imageSpec(pool: GpuPoolSpec, image: NodeImage) {
  const disk = {
    volumeType: "gp3",
    volumeSize: `${pool.diskGib}Gi`,
    encrypted: true,
    deleteOnTermination: true,
  };
  switch (image.driver) {
    case "ami":
      return {
        amiSelectorTerms: [{ alias: `al2023@${image.release}` }],
        instanceStorePolicy: "RAID0",
        userData: nodeConfig({ featureGates: NODE_CONFIG_FEATURES }),
        blockDeviceMappings: [{ deviceName: "/dev/xvda", rootVolume: true, ebs: disk }],
      };
    case "operator":
      return {
        // Canonical's image starts with the bootstrap script that AL2 had; Karpenter writes the call for family AL2.
        amiFamily: "AL2",
        amiSelectorTerms: [{ ssmParameter: amis.ubuntu.parameter(image.kubernetes) }],
        blockDeviceMappings: [
          { deviceName: "/dev/sda1", rootVolume: true, ebs: { ...disk, throughput: 1000, iops: 16000 } },
        ],
      };
    default: {
      const unknown: never = image;
      throw new Error(`Unknown node image ${JSON.stringify(unknown)}.`);
    }
  }
}

/** A nodeadm document; JSON is YAML, so nothing needs quoting by hand. */
export function nodeConfig(spec: Record<string, unknown>): string {
  return JSON.stringify({ apiVersion: "node.eks.aws/v1alpha1", kind: "NodeConfig", spec });
}

/** The NodePools of a pool, one for each step of its capacity order: within one, Karpenter has an order of its own. */
export function nodePools(args: { pool: GpuPoolSpec; drainSeconds: number }) {
  const { pool } = args;
  return pool.capacity.map((capacity, step) => ({
    name: `${pool.name}-${capacity}`,
    spec: {
      weight: FIRST_WEIGHT - step * WEIGHT_STEP,
      limits: { "nvidia.com/gpu": `${pool.maxGpus}` },
      disruption: {
        // Only a node without a GPU pod goes, all of them at once; what serves is never moved to save money or to
        // renew an image. A drifted node goes when it is next empty. Engines rely on it and carry no do-not-disrupt.
        consolidationPolicy: "WhenEmpty",
        consolidateAfter: `${pool.emptyForSeconds}s`,
        budgets: [
          { nodes: "100%", reasons: ["Empty"] },
          { nodes: "0", reasons: ["Drifted", "Underutilized"] },
        ],
      },
      template: {
        metadata: { labels: gpuNodeLabels(pool.name, pool.gpu) },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: pool.name },
          taints: [GPU_TAINT],
          requirements: requirements(pool, capacity),
          expireAfter: "Never",
          // Spot warnings and destroy evict at once and wait for the longest answer; no stuck pod keeps a GPU after it.
          terminationGracePeriod: `${args.drainSeconds}s`,
        },
      },
    },
  }));
}

function requirements(pool: GpuPoolSpec, capacity: Capacity) {
  const only = (key: string, ...values: string[]) => ({ key, operator: "In", values });
  return [
    only("karpenter.sh/capacity-type", capacity),
    only("karpenter.k8s.aws/instance-gpu-name", GPUS[pool.gpu].karpenterName),
    // Without it Karpenter counts the largest type that would fit against the limit while a claim is in flight.
    only("karpenter.k8s.aws/instance-gpu-count", `${pool.gpusPerNode}`),
    only("node.kubernetes.io/instance-type", ...pool.instanceTypes),
    only("kubernetes.io/arch", "amd64"),
    only("kubernetes.io/os", "linux"),
  ];
}

/** The name of the pool's image for a managed node group, where there is one. */
export function managedRelease({ image, kubernetes }: { image: NodeImage; kubernetes: string }): string | undefined {
  return image.driver === "ami" ? nodeGroupRelease(image.release, kubernetes) : undefined;
}

/** Why a pool cannot have steady nodes with this image, or undefined. Pure, so that the stack file's check can ask too. */
export function steadyFault(args: { image: NodeImage; kubernetes: string }): string | undefined {
  if (args.image.driver === "operator")
    return "steady nodes boot the Amazon Linux image, which brings its own driver; set drivers.from to ami, or steadyNodes to 0";
  if (managedRelease(args) !== undefined) return undefined;
  const known = Object.keys(amis.al2023.managed).join(", ");
  return `steady nodes need the image release's full name, and drivers.version ${args.image.release} has none for Kubernetes ${args.kubernetes} in components/versions.ts (it knows ${known}); leave drivers.version out, or add the release there`;
}
