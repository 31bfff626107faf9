import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ControllerArgs } from "./controller-args";
import { thirdPartyChart } from "./helm";
import { loadBalancerPolicy } from "./load-balancer-policy";
import { PodRole } from "./pod-role";
import { SYSTEM_NODES } from "./scheduling";

/** Comes after the system nodes and the routes by which it reaches AWS. */
export interface LoadBalancerControllerArgs extends ControllerArgs {
  vpcId: pulumi.Input<string>;
}

const NAMESPACE = "kube-system";
const SERVICE_ACCOUNT = "aws-load-balancer-controller";

/** Makes an application load balancer of an Ingress, and takes it away again: every Ingress depends on it. */
export class LoadBalancerController extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: LoadBalancerControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:LoadBalancerController", name, {}, opts);

    const role = new PodRole(
      name,
      {
        clusterName: args.clusterName,
        namespace: NAMESPACE,
        serviceAccount: SERVICE_ACCOUNT,
        policies: {
          balancer: pulumi
            .all([args.partition, args.accountId, args.clusterName, args.vpcId])
            .apply(([partition, accountId, clusterName, vpcId]) =>
              JSON.stringify(loadBalancerPolicy({ partition, region: args.region, accountId, clusterName, vpcId })),
            ),
        },
        permissionsBoundary: args.permissionsBoundary,
      },
      { parent: this },
    );
    this.release = thirdPartyChart(
      name,
      { chart: "aws-load-balancer-controller", namespace: NAMESPACE, values: loadBalancerValues(args) },
      { parent: this, dependsOn: [role.association, ...args.after] },
    );
    this.ready = [this.release];
    this.registerOutputs({});
  }
}

/** Values of the AWS Load Balancer Controller chart. */
export function loadBalancerValues(args: {
  clusterName: pulumi.Input<string>;
  region: string;
  vpcId: pulumi.Input<string>;
  replicas: number;
}) {
  return {
    clusterName: args.clusterName,
    // Given, because pods cannot ask the node's metadata service.
    region: args.region,
    vpcId: args.vpcId,
    replicaCount: args.replicas,
    serviceAccount: { name: SERVICE_ACCOUNT },
    nodeSelector: SYSTEM_NODES,
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
    // It would answer for every Service of the cluster: none could be made while the controller is down.
    enableServiceMutatorWebhook: false,
    defaultTargetType: "ip",
    // Not used, and not in its policy.
    enableShield: false,
    enableWaf: false,
    enableWafv2: false,
  };
}
