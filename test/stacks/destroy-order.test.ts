import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import main from "../../stacks/main";
import { readStackFile } from "../../stacks/stack-file";
import { creationOrder } from "../order";

/** The program with a stack file's settings, each as the engine hands it over: objects as JSON. */
function order(stack: string) {
  const settings = readStackFile(stack).config;
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    ),
  );
  return creationOrder(main);
}

/** Why, what is destroyed first, and what has to be there until it is gone. */
const ORDER: [string, string, string][] = [
  ["a model goes before the nodes it runs on", "Release qwen3-8b", "NodePool l40s-elastic-on-demand"],
  ["a model goes before its scaler, which has a finalizer on it", "Release qwen3-8b", "Release autoscaling-keda"],
  ["a model goes before its kinds", "Release qwen3-8b", "ConfigFile inference-crds"],
  ["a model goes before its rights", "Release qwen3-8b", "PodIdentityAssociation qwen3-8b-engine"],
  ["a node pool goes before its class", "NodePool l40s-elastic-on-demand", "EC2NodeClass l40s-elastic"],
  ["a node class goes before Karpenter, which ends the nodes", "EC2NodeClass l40s-elastic", "Release karpenter"],
  ["and before Karpenter's kinds", "EC2NodeClass l40s-elastic", "Release karpenter-crd"],
  ["GPU nodes go before the driver on them", "NodePool l40s-elastic-on-demand", "Release gpu-driver"],
  ["Karpenter goes before its rights", "Release karpenter", "RolePolicy karpenter-nodes"],
  ["Karpenter goes before its nodes' way in", "Release karpenter", "AccessEntry cluster-elastic-node"],
  ["and before their role's rights", "Release karpenter", "RolePolicyAttachment cluster-elastic-node-worker"],
  ["the spend guard goes before the role that it denies launches to", "Function spend-guard", "Role karpenter"],
  ["its calls go before it", "Schedule spend-guard", "Function spend-guard"],
  [
    "the endpoint goes before the controller that takes its load balancer away",
    "Ingress endpoint",
    "Release load-balancer",
  ],
  ["the endpoint goes before the gateway behind it", "Ingress endpoint", "Release gateway"],
  ["the gateway goes before its namespace", "Release gateway", "Namespace inference"],
  [
    "the namespace goes before each controller with a finalizer in it",
    "Namespace inference",
    "Release autoscaling-keda",
  ],
  ["KEDA, with its APIService, goes before its namespace", "Release autoscaling-keda", "Namespace autoscaling-keda"],
  [
    "and before that of Prometheus, whose end its APIService would hold up",
    "Release autoscaling-keda",
    "Namespace autoscaling-monitoring",
  ],
  ["that of the load balancer too", "Namespace inference", "Release load-balancer"],
  ["the controller goes before its rights", "Release load-balancer", "RolePolicy load-balancer-balancer"],
  ["controllers go before the nodes they run on", "Release load-balancer", "NodeGroup system"],
  ["all of them", "Release autoscaling-prometheus", "NodeGroup system"],
  ["controllers go before the way to AWS", "Release load-balancer", "Route network-private-us-east-1a-out"],
  ["nodes go before their network plugin", "NodeGroup system", "Addon system-vpc-cni"],
  ["nodes go before the cluster", "NodeGroup system", "Cluster cluster"],
  ["the cluster goes before its log group, in which it still writes", "Cluster cluster", "LogGroup cluster"],
  ["the cluster goes before the network", "Cluster cluster", "Subnet network-private-us-east-1a"],
];

describe("prod, destroyed", () => {
  let made: Awaited<ReturnType<typeof order>>;
  beforeAll(async () => {
    made = await order("prod");
  });

  test.each(ORDER)("%s", (_, first, last) => {
    expect(made.waits(first, last)).toBe(true);
    expect(made.waits(last, first)).toBe(false);
  });

  test("the spend guard waits for nothing that runs in the cluster, which may never answer", () => {
    for (const inCluster of ["Release karpenter", "NodePool l40s-elastic-on-demand", "Release qwen3-8b"])
      expect(made.waits("Function spend-guard", inCluster), inCluster).toBe(false);
  });
});
