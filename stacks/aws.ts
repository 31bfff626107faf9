import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { AlarmTopic } from "../components/alarm-topic";
import { Alerts } from "../components/alerts";
import { Autoscaling } from "../components/autoscaling";
import { Cluster } from "../components/cluster";
import { Database } from "../components/database";
import { Endpoint } from "../components/endpoint";
import { GATEWAY_SERVICE } from "../components/gateway";
import { GpuDriver } from "../components/gpu-driver";
import { GpuUse } from "../components/gpu-use";
import { guardArchive } from "../components/guard-bundle";
import { InferenceCrds } from "../components/inference-crds";
import { LoadBalancerController } from "../components/load-balancer-controller";
import { INFERENCE_NAMESPACE, InferenceNamespace } from "../components/namespaces";
import { AdoptedNetwork, Network, type NetworkShape } from "../components/network";
import { SYSTEM_NODES } from "../components/scheduling";
import { SpendGuard } from "../components/spend-guard";
import { SystemNodes } from "../components/system-nodes";
import { STACK_TAG } from "../guard/tags";
import { systemNodeCount } from "../planner/system-nodes";
import type { OwnStack } from "./config";
import { awsSettings } from "./config-running";
import { createGpuPools } from "./gpu-pools";
import { createHubToken } from "./hub-token";
import { longestHoldSeconds, longestIdleSeconds, serveModels } from "./models";
import { gpusOf, isEksPool } from "./pools";
import { spendRulesOf } from "./spend";
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
  const tags = { ...config.tags, [STACK_TAG]: clusterName };
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

  const alarms = new AlarmTopic("alarms", { ...own, stack: clusterName, emails: config.spend.emails }, inAws);
  const autoscaling = createAutoscaling(own, alarms, everywhere);
  watch(own, autoscaling, everywhere);
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
  createSpendGuard(own, pools, alarms, inAws);
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
        const placed = pools.placed(model);
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

/** Without an address there is nobody to send alarms to. */
function createAutoscaling(own: OwnCluster, alarms: AlarmTopic, opts: pulumi.ComponentResourceOptions) {
  const { clusterName: stack, cluster, region, permissionsBoundary, replicas, nodesReady } = own;
  const delivery = { stack, region, topicArn: alarms.topic.arn, keyArn: alarms.keyArn };
  const told = own.config.spend.emails.length > 0;
  return new Autoscaling(
    "autoscaling",
    {
      replicas,
      nodeSelector: SYSTEM_NODES,
      alerts: told ? { ...delivery, clusterName: cluster.clusterName, permissionsBoundary } : undefined,
      after: nodesReady,
    },
    opts,
  );
}

/** Alarms inside the cluster, and the word of GPU use that the guard outside waits for. */
function watch(
  { config, clusterName, cluster, region, permissionsBoundary }: OwnCluster,
  { prometheus, prometheusUrl, monitoringNamespace }: Autoscaling,
  opts: pulumi.ComponentResourceOptions,
) {
  const alerts = new Alerts(
    "alerts",
    {
      namespace: INFERENCE_NAMESPACE,
      longestHoldSeconds: longestHoldSeconds(config),
      emptyForSeconds: Object.values(config.gpuPools).flatMap((pool) => (isEksPool(pool) ? [pool.emptyFor] : [])),
      monitoringNamespace,
      after: [prometheus],
    },
    opts,
  );
  new GpuUse(
    "gpu-use",
    {
      clusterName: cluster.clusterName,
      namespace: monitoringNamespace,
      prometheusUrl,
      stack: clusterName,
      region,
      after: [prometheus, alerts],
      permissionsBoundary,
    },
    opts,
  );
}

/** Needs nothing that runs in the cluster, which may not answer: Karpenter's role and the steady node groups alone. */
function createSpendGuard(
  own: OwnCluster,
  { launchRole, nodeGroups }: ReturnType<typeof createGpuPools>,
  alarms: AlarmTopic,
  opts: pulumi.ComponentResourceOptions,
) {
  const { emails, monthlyBudget } = own.config.spend;
  return new SpendGuard(
    "spend-guard",
    {
      ...own,
      stack: own.clusterName,
      stackShort: pulumi.getStack(),
      rules: spendRulesOf(own.config),
      launchRole,
      nodeGroups,
      alarms,
      emails,
      monthlyBudgetUsd: monthlyBudget,
      code: guardArchive(),
    },
    opts,
  );
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
