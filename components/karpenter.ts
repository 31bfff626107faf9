import * as aws from "@pulumi/aws";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ControllerArgs } from "./controller-args";
import { thirdPartyChart } from "./helm";
import { interruptionQueuePolicy, KARPENTER_POLICIES, karpenterPolicies } from "./karpenter-policies";
import { PodRole } from "./pod-role";
import { SYSTEM_NODES } from "./scheduling";

/** Comes after the system nodes and the access entry of its own nodes. */
export interface KarpenterArgs extends ControllerArgs {
  clusterEndpoint: pulumi.Input<string>;
  /** ARN of the role its nodes get. */
  nodeRoleArn: pulumi.Input<string>;
}

const NAMESPACE = "kube-system";
const SERVICE_ACCOUNT = "karpenter";
/** Seconds. A spot warning is worth two minutes; an older message tells of a node that is gone. */
const QUEUE_RETENTION_SECONDS = 300;

/** What happens to instances that Karpenter must hear of in time to drain them, by EventBridge source and type. */
const EVENTS = {
  "spot-interruption": ["aws.ec2", "EC2 Spot Instance Interruption Warning"],
  rebalance: ["aws.ec2", "EC2 Instance Rebalance Recommendation"],
  "state-change": ["aws.ec2", "EC2 Instance State-change Notification"],
  "reservation-interruption": ["aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"],
  health: ["aws.health", "AWS Health Event"],
} as const;

/** Karpenter: launches GPU nodes for pods that wait, and removes them when they are empty. */
export class Karpenter extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue;
  readonly role: aws.iam.Role;
  readonly release: k8s.helm.v3.Release;
  /** What node pools depend on: on destroy they go first, while the controller can still drain their nodes. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: KarpenterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Karpenter", name, {}, opts);
    const parent = { parent: this };

    const queue = createQueue();
    const events = createEvents();
    const queuePolicy = createQueuePolicy();
    const role = createRole();
    const crds = createCrds();
    this.queue = queue;
    this.role = role.role;
    this.release = createRelease();
    this.ready = [crds, this.release];
    this.registerOutputs({});

    function createQueue() {
      return new aws.sqs.Queue(
        `${name}-interruption`,
        { messageRetentionSeconds: QUEUE_RETENTION_SECONDS, sqsManagedSseEnabled: true },
        parent,
      );
    }

    function createQueuePolicy() {
      return new aws.sqs.QueuePolicy(
        `${name}-interruption`,
        {
          queueUrl: queue.url,
          policy: pulumi
            .all([queue.arn, pulumi.all(events.map(({ rule }) => rule.arn))])
            .apply(([queueArn, ruleArns]) => JSON.stringify(interruptionQueuePolicy(queueArn, ruleArns))),
        },
        parent,
      );
    }

    function createEvents() {
      return Object.entries(EVENTS).map(([event, [source, detailType]]) => {
        const rule = new aws.cloudwatch.EventRule(
          `${name}-${event}`,
          {
            description: `${detailType}: Karpenter drains the node`,
            eventPattern: JSON.stringify({ source: [source], "detail-type": [detailType] }),
          },
          parent,
        );
        const target = new aws.cloudwatch.EventTarget(`${name}-${event}`, { rule: rule.name, arn: queue.arn }, parent);
        return { rule, target };
      });
    }

    function createRole() {
      const documents = pulumi
        .all([args.partition, args.accountId, args.clusterName, args.nodeRoleArn, queue.arn])
        .apply(([partition, accountId, clusterName, nodeRoleArn, queueArn]) =>
          karpenterPolicies({ partition, region: args.region, accountId, clusterName, nodeRoleArn, queueArn }),
        );
      return new PodRole(
        name,
        {
          clusterName: args.clusterName,
          namespace: NAMESPACE,
          serviceAccount: SERVICE_ACCOUNT,
          policies: Object.fromEntries(
            KARPENTER_POLICIES.map((policy) => [policy, documents.apply((all) => JSON.stringify(all[policy]))]),
          ),
          permissionsBoundary: args.permissionsBoundary,
          // While GPUs are switched off, the spend guard's denial of launches is on it.
          forceDetachPolicies: true,
        },
        parent,
      );
    }

    function createCrds() {
      return thirdPartyChart(
        `${name}-crd`,
        { chart: "karpenter-crd", namespace: NAMESPACE, values: {} },
        { ...parent, dependsOn: args.after },
      );
    }

    function createRelease() {
      return thirdPartyChart(
        name,
        {
          chart: "karpenter",
          namespace: NAMESPACE,
          skipCrds: true,
          values: karpenterValues({
            replicas: args.replicas,
            clusterName: args.clusterName,
            clusterEndpoint: args.clusterEndpoint,
            queueName: queue.name,
          }),
        },
        // The association comes before the pods; queue and events outlive the nodes that they warn of.
        {
          ...parent,
          dependsOn: [crds, role.association, queuePolicy, ...events.map(({ target }) => target), ...args.after],
        },
      );
    }
  }
}

/** Values of the Karpenter chart. */
export function karpenterValues(args: {
  replicas: number;
  clusterName: pulumi.Input<string>;
  clusterEndpoint: pulumi.Input<string>;
  queueName: pulumi.Input<string>;
}) {
  return {
    replicas: args.replicas,
    serviceAccount: { name: SERVICE_ACCOUNT },
    // The VPC's own DNS, so that Karpenter starts while CoreDNS still waits for a node.
    dnsPolicy: "Default",
    nodeSelector: SYSTEM_NODES,
    controller: {
      resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "1Gi" } },
    },
    settings: {
      clusterName: args.clusterName,
      clusterEndpoint: args.clusterEndpoint,
      eksControlPlane: true,
      interruptionQueue: args.queueName,
    },
  };
}
