import { GetMetricDataCommand, type GetMetricDataCommandInput } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { PublishCommand } from "@aws-sdk/client-sns";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { type Clients, clients } from "../../guard/clients";
import type { Instance } from "../../guard/instances";

/*
 * An account in memory, for what moto's does not do: calls that fail for a while, and nodes that were started long ago.
 */

/** Values of the metric by instance id: seconds before the end of the window, and percent. */
export type Values = Readonly<Record<string, readonly (readonly [ago: number, percent: number])[]>>;

export class FakeAccount {
  readonly told: string[] = [];
  readonly policies = new Set<string>();
  readonly asked: GetMetricDataCommandInput[] = [];
  readonly protectedIds = new Set<string>();
  /** Names of commands that fail. */
  readonly failing = new Set<string>();
  values: Values = {};
  state = "{}";
  version = 1;

  constructor(public instances: readonly Instance[]) {}

  /** The real clients, as the SDK's pages ask for them, but for their way to AWS. */
  get aws(): Clients {
    const all = clients({ region: "eu-west-1", credentials: { accessKeyId: "fake", secretAccessKey: "fake" } });
    for (const client of Object.values(all)) client.send = (command: object) => this.send(command);
    return all;
  }

  private async send(command: object): Promise<unknown> {
    const { name } = command.constructor;
    if (this.failing.has(name)) throw new Error(`${name} fails`);
    if (command instanceof GetParameterCommand) return { Parameter: { Value: this.state, Version: this.version } };
    if (command instanceof PutParameterCommand) {
      this.state = command.input.Value ?? "";
      this.version += 1;
      return { Version: this.version };
    }
    if (command instanceof DescribeInstancesCommand)
      return { Reservations: [{ Instances: this.instances.map(asEc2) }] };
    if (command instanceof TerminateInstancesCommand) return this.terminate(command.input.InstanceIds ?? []);
    if (command instanceof PutRolePolicyCommand) return void this.policies.add(command.input.PolicyName ?? "");
    if (command instanceof DeleteRolePolicyCommand) return void this.policies.delete(command.input.PolicyName ?? "");
    if (command instanceof PublishCommand) return this.told.push(command.input.Subject ?? "");
    if (command instanceof GetMetricDataCommand) return this.metricData(command.input);
    throw new Error(`the fake account does not know ${name}`);
  }

  private terminate(ids: readonly string[]): void {
    const refused = ids.filter((id) => this.protectedIds.has(id));
    if (refused.length > 0) throw new Error(`${refused} may not be terminated`);
    this.instances = this.instances.filter(({ id }) => !ids.includes(id));
  }

  private metricData(input: GetMetricDataCommandInput): unknown {
    this.asked.push(input);
    const end = input.EndTime?.getTime() ?? 0;
    const results = input.MetricDataQueries?.map(({ Id, MetricStat }) => {
      const id = MetricStat?.Metric?.Dimensions?.find(({ Name }) => Name === "InstanceId")?.Value ?? "";
      const period = MetricStat?.Period ?? 60;
      const points = new Map<number, number[]>();
      for (const [ago, percent] of this.values[id] ?? []) {
        const point = Math.floor((end / 1000 - ago) / period);
        points.set(point, [...(points.get(point) ?? []), percent]);
      }
      const of = (all: readonly number[]) => (MetricStat?.Stat === "SampleCount" ? all.length : Math.max(...all));
      return { Id, Values: [...points.values()].map(of) };
    });
    return { MetricDataResults: results };
  }
}

const asEc2 = ({ id, type, launched, tags }: Instance) => ({
  InstanceId: id,
  InstanceType: type,
  LaunchTime: launched,
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});
