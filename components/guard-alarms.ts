import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { CHECK_MINUTES } from "../guard/times";
import type { AlarmTopic } from "./alarm-topic";

export interface GuardAlarmsArgs {
  functionName: pulumi.Input<string>;
  topic: AlarmTopic;
  /** What makes the function run: without it one alarm would ring at once, and during a destroy. */
  after: pulumi.Resource[];
}

/** Three checks. */
const PERIOD_MINUTES = 3 * CHECK_MINUTES;

/** A guard that fails or is not called protects nobody, and nobody would notice. */
const ALARMS = {
  errors: {
    alarmDescription: `The spend guard failed within ${PERIOD_MINUTES} minutes; its log says why.`,
    metricName: "Errors",
    comparisonOperator: "GreaterThanOrEqualToThreshold",
    threshold: 1,
    treatMissingData: "notBreaching",
  },
  silent: {
    alarmDescription: `The spend guard was not called for ${PERIOD_MINUTES} minutes: nothing ends leases, idle GPU nodes or spending.`,
    metricName: "Invocations",
    comparisonOperator: "LessThanThreshold",
    threshold: 1,
    // Lambda publishes nothing of a function that is not called.
    treatMissingData: "breaching",
  },
} as const;

/** Alarms of the guard itself, by CloudWatch, which needs neither the cluster nor the guard. */
export class GuardAlarms extends pulumi.ComponentResource {
  constructor(name: string, args: GuardAlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:GuardAlarms", name, {}, opts);
    const told = [args.topic.topic.arn];
    for (const [alarm, settings] of Object.entries(ALARMS))
      new aws.cloudwatch.MetricAlarm(
        `${name}-${alarm}`,
        {
          name: pulumi.interpolate`${args.functionName}-${alarm}`,
          namespace: "AWS/Lambda",
          dimensions: { FunctionName: args.functionName },
          statistic: "Sum",
          period: PERIOD_MINUTES * 60,
          evaluationPeriods: 1,
          ...settings,
          alarmActions: told,
          okActions: told,
        },
        { parent: this, dependsOn: [...args.after, ...args.topic.ready] },
      );
    this.registerOutputs({});
  }
}
