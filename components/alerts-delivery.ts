import type * as pulumi from "@pulumi/pulumi";
import type { PolicyDocument } from "./policy-document";

/*
 * How alarms of Prometheus reach people: Alertmanager publishes to the topic that the spend guard speaks to, too. Pure.
 */

/** Service account of Alertmanager: its role is for it alone. */
export const ALERTMANAGER_ACCOUNT = "alertmanager";

/** SNS refuses a subject of more than 100 characters, with a line break, or with anything but ASCII. */
const SUBJECT = '{{ if eq .Status "resolved" }}Over: {{ end }}{{ .GroupLabels.alertname }} in {{ .GroupLabels.stack }}';
const MESSAGE = `{{ range .Alerts }}{{ if eq .Status "resolved" }}Over: {{ end }}{{ .Annotations.summary }}
{{ .Annotations.description }}

{{ end }}All alarms are explained in docs/alarms.md.`;

export interface AlertDelivery {
  /** The stack's name in AWS: the label `stack` of every alarm. */
  readonly stack: string;
  readonly topicArn: pulumi.Input<string>;
  /** Of the topic: its requests are signed for one region. */
  readonly region: string;
}

/** Configuration of Alertmanager. Keys that the chart sets are all replaced, because Helm merges maps. */
export function alertmanagerConfig({ topicArn, region }: Pick<AlertDelivery, "topicArn" | "region">) {
  return {
    route: {
      receiver: "topic",
      // One message for all that goes wrong in one way: a zone without capacity is not ten messages.
      group_by: ["alertname", "stack"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: [],
    },
    inhibit_rules: [],
    receivers: [
      {
        name: "topic",
        sns_configs: [
          { topic_arn: topicArn, sigv4: { region }, subject: SUBJECT, message: MESSAGE, send_resolved: true },
        ],
      },
    ],
    templates: [],
  };
}

/** Publishing to that topic, and its key by way of SNS. */
export function mayPublishAlarms({ topicArn, keyArn }: { topicArn: string; keyArn: string }): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      { Sid: "Publish", Effect: "Allow", Action: ["sns:Publish"], Resource: topicArn },
      {
        Sid: "Encrypt",
        Effect: "Allow",
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: keyArn,
        Condition: { StringLike: { "kms:ViaService": "sns.*.amazonaws.com*" } },
      },
    ],
  };
}
