import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type AlertRulesArgs, prometheusRuleSpec } from "./alerts-rules";

export interface AlertsArgs extends Omit<AlertRulesArgs, "monitoringNamespace"> {
  /** Where Prometheus and the publisher of GPU use run. */
  monitoringNamespace: pulumi.Input<string>;
  /** The release that brings the PrometheusRule CRD. */
  after: pulumi.Resource[];
}

/** What Prometheus records of GPU use, and the alarms that it raises; docs/alarms.md lists them. */
export class Alerts extends pulumi.ComponentResource {
  constructor(name: string, args: AlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Alerts", name, {}, opts);
    const { after, ...rules } = args;
    const namespace = pulumi.output(rules.monitoringNamespace);

    new k8s.apiextensions.CustomResource(
      name,
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: { name: "pilotlight", namespace },
        spec: namespace.apply((monitoringNamespace) => prometheusRuleSpec({ ...rules, monitoringNamespace })),
      },
      { parent: this, dependsOn: after },
    );
    this.registerOutputs({});
  }
}
