import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ALERTMANAGER_ACCOUNT, type AlertDelivery, mayPublishAlarms } from "./alerts-delivery";
import { kedaValues, prometheusValues } from "./autoscaling-values";
import { thirdPartyChart } from "./helm";
import { PodRole } from "./pod-role";

/** The topic that alarms go to, and what a pod of the cluster needs to publish there. */
export interface AlertTopicArgs extends AlertDelivery {
  clusterName: pulumi.Input<string>;
  /** Key of the topic. */
  keyArn: pulumi.Input<string>;
  permissionsBoundary?: string;
}

export interface AutoscalingArgs {
  /** Pods of the KEDA operator: with two, one stands by. */
  replicas: 1 | 2;
  /** Labels of the nodes to run on; none where somebody else runs the nodes. */
  nodeSelector: Readonly<Record<string, string>>;
  /** Put before the names of its namespaces, for a cluster whose `monitoring` and `keda` may be somebody else's. */
  namespacePrefix?: string;
  /** Left out: nobody is told of alarms, and no Alertmanager runs. */
  alerts?: AlertTopicArgs;
  /** System nodes. */
  after: pulumi.Resource[];
}

/** The chart's service for the name that prometheusValues gives it. */
const PROMETHEUS_SERVICE = "kube-prometheus-stack-prometheus";
const PROMETHEUS_PORT = 9090;

/** KEDA, which sets the replicas of each model, and the Prometheus whose queue lengths it reads. */
export class Autoscaling extends pulumi.ComponentResource {
  /** Where KEDA asks. */
  readonly prometheusUrl: pulumi.Output<string>;
  /** Where Prometheus scrapes from: network policies let this namespace in. */
  readonly monitoringNamespace: pulumi.Output<string>;
  readonly keda: k8s.helm.v3.Release;
  readonly prometheus: k8s.helm.v3.Release;
  /** CRDs and controllers that charts with ScaledObjects and ServiceMonitors depend on. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: AutoscalingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Autoscaling", name, {}, opts);
    const dependsOn = args.after;
    const parent = this;

    const { namespacePrefix = "", nodeSelector, alerts } = args;
    const monitoringNamespace = createNamespace("monitoring");
    const monitoring = monitoringNamespace.metadata.name;
    this.prometheus = thirdPartyChart(
      `${name}-prometheus`,
      {
        chart: "kube-prometheus-stack",
        namespace: monitoring,
        values: prometheusValues({ nodeSelector, delivery: alerts }),
      },
      { parent, dependsOn: [...dependsOn, ...(alerts === undefined ? [] : [createPublisher(alerts).association])] },
    );
    this.keda = thirdPartyChart(
      `${name}-keda`,
      { chart: "keda", namespace: createNamespace("keda").metadata.name, values: kedaValues(args) },
      // An APIService whose server is ending holds up the end of any namespace: it goes before them.
      { parent, dependsOn: [...dependsOn, monitoringNamespace] },
    );
    this.prometheusUrl = pulumi.interpolate`http://${PROMETHEUS_SERVICE}.${monitoring}.svc:${PROMETHEUS_PORT}`;
    this.monitoringNamespace = monitoring;
    this.ready = [this.keda, this.prometheus];
    this.registerOutputs({ prometheusUrl: this.prometheusUrl });

    function createPublisher({ clusterName, topicArn, keyArn, permissionsBoundary }: AlertTopicArgs) {
      const arns = pulumi.all([topicArn, keyArn]);
      const publish = arns.apply(([topic, key]) => JSON.stringify(mayPublishAlarms({ topicArn: topic, keyArn: key })));
      return new PodRole(
        `${name}-alerts`,
        {
          clusterName,
          namespace: monitoring,
          serviceAccount: ALERTMANAGER_ACCOUNT,
          policies: { publish },
          permissionsBoundary,
        },
        { parent },
      );
    }

    function createNamespace(role: string): k8s.core.v1.Namespace {
      return new k8s.core.v1.Namespace(
        `${name}-${role}`,
        {
          metadata: {
            name: `${namespacePrefix}${role}`,
            labels: { "pod-security.kubernetes.io/enforce": "restricted" },
          },
        },
        { parent, dependsOn },
      );
    }
  }
}
