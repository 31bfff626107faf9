import type * as pulumi from "@pulumi/pulumi";
import { ElasticGpuPool, SteadyGpuPool } from "../components/gpu-pool";
import type { GpuPoolSpec } from "../components/gpu-pool-objects";
import { Karpenter } from "../components/karpenter";
import type { OwnCluster } from "./aws";
import type { ModelConfig, OwnStack } from "./config";
import { chainOf } from "./expectations";
import { isEksPool, nodeImage, poolSpec, poolsOf } from "./pools";

/** Seconds beyond the longest grace of a pod: what the drain itself takes. */
const DRAIN_MARGIN_SECONDS = 60;

const isElastic = ({ maxGpus }: GpuPoolSpec) => maxGpus > 0;

/**
 * The GPU pools of the stack, and Karpenter where one of them is elastic.
 * @param driver what pods need on a GPU node; it goes after the nodes.
 * @returns `placed`: for a model, its pools in the order to try them, and what its pods depend on; and by what GPU capacity
 * can be switched off.
 */
export function createGpuPools(own: OwnCluster, driver: pulumi.Resource[], opts: pulumi.ComponentResourceOptions) {
  const { config, cluster, network, tags } = own;
  const { kubernetes } = config.cluster;
  const image = nodeImage(config.drivers, kubernetes);
  const specs = Object.entries(config.gpuPools).flatMap(([name, pool]) =>
    isEksPool(pool) ? [poolSpec(name, pool)] : [],
  );

  const karpenter = specs.some(isElastic) ? createKarpenter() : undefined;
  const steady = new Map(
    specs.filter(({ steadyNodes }) => steadyNodes > 0).map((pool) => [pool.name, createSteady(pool)]),
  );
  const ready = new Map(
    specs.map((pool) => [pool.name, [...createElastic(pool), ...(steady.get(pool.name)?.ready ?? [])]]),
  );
  return {
    placed: (model: ModelConfig) => {
      const names = poolsOf(model, config.gpuPools).map(([name]) => name);
      return { names, ready: names.flatMap((name) => ready.get(name) ?? []) };
    },
    launchRole: karpenter?.role.name,
    nodeGroups: Object.fromEntries([...steady].map(([name, { nodeGroup }]) => [name, nodeGroup])),
  };

  function createKarpenter() {
    const { elasticNodeRole, elasticNodeAccess } = cluster;
    return new Karpenter(
      "karpenter",
      {
        ...own,
        clusterName: cluster.clusterName,
        clusterEndpoint: cluster.endpoint,
        nodeRoleArn: elasticNodeRole.role.arn,
        after: [...own.nodesReady, elasticNodeAccess, ...elasticNodeRole.attachments],
      },
      opts,
    );
  }

  function createElastic(pool: GpuPoolSpec): pulumi.Resource[] {
    if (karpenter === undefined || !isElastic(pool)) return [];
    return new ElasticGpuPool(
      `${pool.name}-elastic`,
      {
        pool,
        image,
        nodeRoleName: cluster.elasticNodeRole.role.name,
        subnetIds: network.privateSubnetIds,
        securityGroupId: cluster.securityGroupId,
        tags,
        drainSeconds: drainSeconds(config, pool.name),
        after: [...karpenter.ready, ...driver],
      },
      opts,
    ).ready;
  }

  function createSteady(pool: GpuPoolSpec): SteadyGpuPool {
    const block = config.gpuPools[pool.name];
    const zone = block && isEksPool(block) ? block.capacityBlock?.zone : undefined;
    return new SteadyGpuPool(
      `${pool.name}-steady`,
      {
        pool,
        clusterName: cluster.clusterName,
        image,
        kubernetes,
        nodeRoleArn: cluster.nodeRole.role.arn,
        subnetIds: zone === undefined ? network.privateSubnetIds : network.privateSubnetsIn(zone),
        tags,
        after: [...own.nodesReady, ...cluster.nodeRole.attachments, ...driver],
      },
      opts,
    );
  }
}

/**
 * The longest that a pod of the pool may take to end, with a margin: Karpenter counts from the deletion of the node, and cuts
 * the grace of a pod that it evicts some seconds later to what is left. Nobody waits for it: pods are evicted at once.
 */
function drainSeconds(config: OwnStack, pool: string): number {
  const graces = Object.entries(config.models)
    .filter(([, model]) => poolsOf(model, config.gpuPools).some(([name]) => name === pool))
    .map(([name, model]) => chainOf(name, model, config).terminationGraceSeconds);
  return Math.max(...graces) + DRAIN_MARGIN_SECONDS;
}
