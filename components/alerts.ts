import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type AlertRulesArgs, prometheusRuleSpec } from "./alerts-rules";

export interface AlertsArgs extends AlertRulesArgs {
  /** Where Prometheus runs. */
  monitoringNamespace: pulumi.Input<string>;
  /** The release that brings the PrometheusRule CRD. */
  after: pulumi.Resource[];
}

/** What Prometheus records of GPU use, and the alarms that it raises; docs/alarms.md lists them. */
export class Alerts extends pulumi.ComponentResource {
  constructor(name: string, args: AlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Alerts", name, {}, opts);

    new k8s.apiextensions.CustomResource(
      name,
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: { name: "pilotlight", namespace: args.monitoringNamespace },
        spec: prometheusRuleSpec(args),
      },
      { parent: this, dependsOn: args.after },
    );
    this.registerOutputs({});
  }
}
