import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { Autoscaling } from "../components/autoscaling";
import { Cluster } from "../components/cluster";
import { Database } from "../components/database";
import { Endpoint } from "../components/endpoint";
import { GATEWAY_SERVICE } from "../components/gateway";
import { GpuDriver } from "../components/gpu-driver";
import { InferenceCrds } from "../components/inference-crds";
import { LoadBalancerController } from "../components/load-balancer-controller";
import { InferenceNamespace } from "../components/namespaces";
import { AdoptedNetwork, Network, type NetworkShape } from "../components/network";
import { SYSTEM_NODES } from "../components/scheduling";
import { SystemNodes } from "../components/system-nodes";
import { systemNodeCount } from "../planner/system-nodes";
import type { OwnStack } from "./config";
import { awsSettings } from "./config-running";
import { createGpuPools } from "./gpu-pools";
import { createHubToken } from "./hub-token";
import { longestIdleSeconds, serveModels } from "./models";
import { gpusOf } from "./pools";
import { createWeights } from "./weights";

/** A new gateway pod counts as ready once the load balancer sends to it, so a rollout leaves no gap. */
const READINESS_GATES = { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" };

/** What every part of a stack on AWS is told. */
export interface OwnCluster {
  readonly config: OwnStack;
  readonly clusterName: string;
  readonly region: string;
  readonly partition: pulumi.Output<string>;
  readonly accountId: pulumi.Output<string>;
  readonly network: NetworkShape;
  readonly cluster: Cluster;
  /** Tags of what is made by others than this program: Karpenter's nodes, the load balancer. */
  readonly tags: Readonly<Record<string, string>>;
  /** A cluster in which pods start. */
  readonly nodesReady: pulumi.Resource[];
  /** Pods of each controller: with two, one stands by. */
  readonly replicas: 1 | 2;
  readonly permissionsBoundary?: string;
}

/** A cluster of our own, from the network up; what is made last goes first. */
export function onOwnCluster(config: OwnStack, clusterName: string, region: string) {
  const tags = { ...config.tags, "pilotlight:stack": clusterName };
  const awsProvider = new aws.Provider("aws", {
    ...awsSettings(),
    region: region as aws.Region,
    defaultTags: { tags },
  });
  const inAws = { provider: awsProvider };
  const { permissionsBoundary } = config;
  const { partition } = aws.getPartitionOutput({}, inAws);
  const { accountId } = aws.getCallerIdentityOutput({}, inAws);
  const { kubernetes, apiAccess, admins } = config.cluster;
  const replicas = config.gateway.replicas > 1 ? 2 : 1;

  const network = createNetwork(config, region, inAws);
  const cluster = new Cluster(
    "cluster",
    {
      clusterName,
      kubernetes,
      network,
      region,
      partition,
      apiCidrs: apiAccess.cidrs,
      admins,
      permissionsBoundary,
    },
    inAws,
  );
  const everywhere = { providers: [awsProvider, cluster.provider] };
  const system = new SystemNodes(
    "system",
    {
      clusterName: cluster.clusterName,
      nodeRole: cluster.nodeRole,
      subnetIds: network.privateSubnetIds,
      kubernetes,
      count: systemNodeCount({
        models: Object.keys(config.models).length,
        gatewayReplicas: config.gateway.replicas,
        controllerReplicas: replicas,
      }),
      tags,
      permissionsBoundary,
    },
    everywhere,
  );
  const own: OwnCluster = {
    config,
    clusterName,
    region,
    partition,
    accountId,
    network,
    cluster,
    tags,
    nodesReady: [...system.ready, ...network.routes],
    replicas,
    permissionsBoundary,
  };

  const autoscaling = new Autoscaling(
    "autoscaling",
    { replicas: own.replicas, nodeSelector: SYSTEM_NODES, after: own.nodesReady },
    everywhere,
  );
  const driver = new GpuDriver(
    "gpu-driver",
    { driver: driverOf(config), after: [...own.nodesReady, autoscaling.prometheus] },
    everywhere,
  );
  const balancer = new LoadBalancerController(
    "load-balancer",
    { ...own, clusterName: cluster.clusterName, vpcId: network.vpcId, after: own.nodesReady },
    everywhere,
  );
  const crds = new InferenceCrds("inference-crds", everywhere);
  const pools = createGpuPools(own, driver.ready, everywhere);
  const controllers = [...autoscaling.ready, ...balancer.ready, ...crds.ready];
  const maxGpus = Object.values(config.gpuPools).reduce((sum, pool) => sum + gpusOf(pool), 0);
  const namespace = new InferenceNamespace(
    "inference",
    { maxGpus, labels: READINESS_GATES, after: controllers },
    everywhere,
  );
  const weights = createWeights(
    own,
    namespace.name,
    createHubToken(config, namespace.name, { provider: cluster.provider }),
    everywhere,
  );
  const database = createDatabase(own, inAws);

  const gateway = serveModels(
    {
      config,
      namespace: namespace.name,
      prometheusUrl: autoscaling.prometheusUrl,
      nodeSelector: SYSTEM_NODES,
      databaseUrl: database?.url,
      homeOf: (name, model) => {
        const { after, ...home } = weights(name, model);
        const placed = pools(model);
        return {
          ...home,
          region,
          placement: { kind: "pools", pools: placed.names },
          after: [...after, ...placed.ready, ...controllers, namespace.quota],
        };
      },
    },
    everywhere,
  );
  const endpoint = createEndpoint(own, namespace.name, [...balancer.ready, gateway.release], everywhere);
  const { apiKey, apiKeys } = gateway;
  return { endpoint: endpoint.url, apiKey, apiKeys, kubeconfig: cluster.kubeconfig };
}

function createNetwork(config: OwnStack, region: string, opts: pulumi.ComponentResourceOptions): NetworkShape {
  const { network } = config;
  return "adopt" in network
    ? new AdoptedNetwork("network", network.adopt, opts)
    : new Network("network", { ...network, zones: config.cluster.zones, region }, opts);
}

/** Rules between settings have seen to it that an operator's driver has a version. */
function driverOf({ drivers }: OwnStack) {
  return drivers.from === "ami" ? { from: drivers.from } : { from: drivers.from, version: drivers.version ?? "" };
}

function createDatabase({ config, network, cluster }: OwnCluster, opts: pulumi.ComponentResourceOptions) {
  if (config.gateway.database === "none") return undefined;
  return new Database(
    "database",
    {
      vpcId: network.vpcId,
      subnetIds: network.privateSubnetIds,
      clientSecurityGroupId: cluster.securityGroupId,
      multiZone: config.gateway.databaseMultiZone,
    },
    opts,
  );
}

function createEndpoint(
  { config, network, tags }: OwnCluster,
  namespace: pulumi.Input<string>,
  after: pulumi.Resource[],
  opts: pulumi.ComponentResourceOptions,
) {
  const { exposure, domain, zone, allowedCidrs } = config.endpoint;
  return new Endpoint(
    "endpoint",
    {
      namespace,
      serviceName: GATEWAY_SERVICE.name,
      servicePort: GATEWAY_SERVICE.port,
      exposure,
      subnetIds: exposure === "public" ? network.publicSubnetIds : network.privateSubnetIds,
      // An internal endpoint without ranges of its own is for the VPC.
      allowedCidrs: allowedCidrs.length > 0 ? allowedCidrs : [network.cidr],
      domain: domain !== undefined && zone !== undefined ? { name: domain, zone } : undefined,
      idleSeconds: longestIdleSeconds(config),
      tags,
      after,
    },
    opts,
  );
}
