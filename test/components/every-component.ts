import * as pulumi from "@pulumi/pulumi";
import { AlarmTopic } from "../../components/alarm-topic";
import { Alerts } from "../../components/alerts";
import { Autoscaling } from "../../components/autoscaling";
import { Cluster } from "../../components/cluster";
import { Database } from "../../components/database";
import { Endpoint } from "../../components/endpoint";
import { Gateway } from "../../components/gateway";
import { GpuDriver } from "../../components/gpu-driver";
import { ElasticGpuPool, SteadyGpuPool } from "../../components/gpu-pool";
import { GpuUse } from "../../components/gpu-use";
import { InferenceCrds } from "../../components/inference-crds";
import { Karpenter } from "../../components/karpenter";
import { LoadBalancerController } from "../../components/load-balancer-controller";
import { ModelCopy } from "../../components/model-copy";
import { ModelServer } from "../../components/model-server";
import { ModelStore } from "../../components/model-store";
import { InferenceNamespace } from "../../components/namespaces";
import { AdoptedNetwork, Network } from "../../components/network";
import { PodRole } from "../../components/pod-role";
import { SYSTEM_NODES } from "../../components/scheduling";
import { SpendGuard } from "../../components/spend-guard";
import { SystemNodes } from "../../components/system-nodes";
import { amis } from "../../components/versions";
import { holdChain } from "../../planner/hold";
import { gpuPool } from "./gpu-pools";

/** Where things are, for every component that asks. */
const place = {
  clusterName: "kit",
  partition: "aws",
  region: "us-east-1",
  accountId: "123456789012",
  replicas: 2,
} as const;

/** One of each component, wired as far as its arguments go; what is made inside others (NodeRole) comes with them. */
export function makeEveryComponent(permissionsBoundary?: string): void {
  const network = new Network("network", {
    cidr: "10.40.0.0/16",
    zones: ["us-east-1a", "us-east-1b"],
    nat: "per-zone",
    region: place.region,
  });
  new AdoptedNetwork("adopted", { vpcId: "vpc-1", subnetIds: ["subnet-1"], publicSubnetIds: [] });
  const cluster = new Cluster("cluster", {
    ...place,
    kubernetes: "1.35",
    network,
    apiCidrs: [],
    admins: ["arn:aws:iam::123456789012:role/ops"],
    permissionsBoundary,
  });
  const { ready: after } = new SystemNodes("system", {
    clusterName: cluster.clusterName,
    nodeRole: cluster.nodeRole,
    subnetIds: network.privateSubnetIds,
    kubernetes: "1.35",
    count: 2,
    permissionsBoundary,
  });
  makeControllers();
  makePools();
  makeServing();

  function makeControllers() {
    const alarms = new AlarmTopic("alarms", { ...place, stack: "kit", emails: ["ops@example.com"] });
    const scaling = new Autoscaling("autoscaling", {
      replicas: 2,
      nodeSelector: SYSTEM_NODES,
      alerts: {
        ...place,
        stack: "kit",
        topicArn: alarms.topic.arn,
        keyArn: alarms.keyArn,
        permissionsBoundary,
      },
      after,
    });
    new Alerts("alerts", {
      namespace: "inference",
      longestHoldSeconds: 600,
      emptyForSeconds: [300],
      monitoringNamespace: scaling.monitoringNamespace,
      after,
    });
    new GpuUse("use", {
      ...place,
      stack: "kit",
      namespace: scaling.monitoringNamespace,
      prometheusUrl: scaling.prometheusUrl,
      after,
      permissionsBoundary,
    });
    new GpuDriver("driver", { driver: { from: "ami" }, after });
    new InferenceCrds("crds");
    new LoadBalancerController("balancer", { ...place, vpcId: network.vpcId, after, permissionsBoundary });
    const { role } = new Karpenter("karpenter", {
      ...place,
      clusterEndpoint: cluster.endpoint,
      nodeRoleArn: cluster.elasticNodeRole.role.arn,
      after: [...after, cluster.elasticNodeAccess],
      permissionsBoundary,
    });
    new SpendGuard("guard", {
      ...place,
      stack: "kit",
      stackShort: "dev",
      rules: { limitUsdPerHour: 20, prices: { "g6e.xlarge": 1.861 }, pools: { l40s: {} } },
      launchRole: role.name,
      nodeGroups: {},
      alarms,
      emails: ["ops@example.com"],
      monthlyBudgetUsd: 1000,
      code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset("code") }),
      permissionsBoundary,
    });
  }

  function makePools() {
    const image = { driver: "ami", release: amis.al2023.release } as const;
    const nodes = { image, subnetIds: network.privateSubnetIds, tags: {}, after };
    new ElasticGpuPool("elastic", {
      ...nodes,
      pool: gpuPool(),
      nodeRoleName: cluster.elasticNodeRole.role.name,
      securityGroupId: cluster.securityGroupId,
      drainSeconds: 400,
    });
    new SteadyGpuPool("steady", {
      ...nodes,
      pool: gpuPool({ steadyNodes: 1 }),
      clusterName: place.clusterName,
      kubernetes: "1.35",
      nodeRoleArn: cluster.nodeRole.role.arn,
    });
  }

  function makeServing() {
    const { name: namespace } = new InferenceNamespace("inference", { maxGpus: 4, after });
    const store = new ModelStore("models");
    const sources = [{ repository: "Qwen/Qwen3-8B", revision: "a".repeat(40) }];
    new ModelCopy("copy", { ...place, namespace, store, sources, permissionsBoundary });
    new PodRole("engine", {
      ...place,
      namespace: "inference",
      serviceAccount: "qwen",
      policies: { store: "{}" },
      permissionsBoundary,
    });
    const { url } = new ModelServer("qwen", {
      namespace,
      model: {
        name: "qwen",
        engine: "vllm",
        contextLength: 4096,
        gpusPerReplica: 1,
        engineArgs: [],
        minReplicas: 0,
        maxReplicas: 1,
        idleAfterSeconds: 600,
        schedule: [],
        targetConcurrency: 16,
      },
      weights: { kind: "s3", uri: "s3://store/qwen" },
      placement: { kind: "pools", pools: ["l40s"] },
      resources: { cpuMillis: 3500, memoryMib: 24_576 },
      hold: holdChain({ coldStartSeconds: 440, longestGenerationSeconds: 300 }),
      coldStartSeconds: 440,
      prometheusUrl: "http://prometheus:9090",
      after,
    });
    new Database("database", {
      vpcId: network.vpcId,
      subnetIds: network.privateSubnetIds,
      clientSecurityGroupId: cluster.securityGroupId,
      multiZone: false,
    });
    const models = [{ name: "qwen", url, timeoutSeconds: 900 }];
    new Gateway("gateway", { namespace, models, keepAliveSeconds: 1160, replicas: 1, nodeSelector: {} });
    new Endpoint("endpoint", {
      namespace,
      serviceName: "gateway",
      servicePort: 4000,
      exposure: "internal",
      subnetIds: network.privateSubnetIds,
      allowedCidrs: [network.cidr],
      idleSeconds: 1000,
      tags: {},
      after,
    });
  }
}
