import { type MetricDataQuery, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import { type Instance as Ec2Instance, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { DescribeNodegroupCommand, type EKSClient } from "@aws-sdk/client-eks";
import type { Clients } from "./clients";
import type { Facts } from "./decide";
import { type Faults, nameOf } from "./faults";
import { mayBeIdle, periodOf, type Use } from "./idle";
import type { Instance } from "./instances";
import { ruleOf } from "./rules";
import { type GuardSettings, USE_METRIC } from "./settings";
import type { Size } from "./state";
import { GPU_POOL_TAG, STACK_TAG } from "./tags";

/*
 * What there is in the account. What cannot be read is missing, and the failure noted.
 */

/** Of each instance. Up to five of one metric cost in one call what one costs. */
const STATISTICS = ["Maximum", "SampleCount"] as const;
/** GetMetricData takes 500 queries at once. */
const INSTANCES = 500 / STATISTICS.length;

export async function facts(aws: Clients, settings: GuardSettings, now: Date, faults: Faults): Promise<Facts> {
  const [instances, groups] = await Promise.all([
    faults.trying("read GPU instances", () => readInstances(aws, settings.stack)),
    readGroups(aws.eks, settings, faults),
  ]);
  const use = await readUse(aws, instances ?? [], settings, now, faults);
  return { instances, groups, use };
}

export async function readInstances({ ec2 }: Pick<Clients, "ec2">, stack: string): Promise<Instance[]> {
  const Filters = [
    { Name: `tag:${STACK_TAG}`, Values: [stack] },
    { Name: "tag-key", Values: [GPU_POOL_TAG] },
    { Name: "instance-state-name", Values: ["pending", "running"] },
  ];
  const found: Instance[] = [];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2, pageSize: 500 }, { Filters }))
    for (const one of Reservations.flatMap(({ Instances = [] }) => Instances)) found.push(...instance(one));
  return found;
}

function instance({ InstanceId, InstanceType, LaunchTime, Tags = [] }: Ec2Instance): Instance[] {
  if (InstanceId === undefined) return [];
  return [
    {
      id: InstanceId,
      type: InstanceType ?? "unknown",
      launched: LaunchTime ?? new Date(0),
      tags: Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])),
    },
  ];
}

async function readGroups(eks: EKSClient, settings: GuardSettings, faults: Faults): Promise<Record<string, Size>> {
  const names = Object.values(settings.pools).flatMap(({ nodeGroup }) => nodeGroup ?? []);
  const sizes = names.map(async (nodegroupName): Promise<[string, Size][]> => {
    const read = () => eks.send(new DescribeNodegroupCommand({ clusterName: settings.stack, nodegroupName }));
    const answer = await faults.trying(`read node group ${nodegroupName}`, () =>
      read().catch((error: unknown) => {
        // While a stack is made or destroyed there is none: nothing to be told of.
        if (nameOf(error) === "ResourceNotFoundException") return undefined;
        throw error;
      }),
    );
    const scaling = answer?.nodegroup?.scalingConfig;
    if (scaling === undefined) return [];
    const { minSize: min = 0, desiredSize: desired = 0, maxSize: max = 1 } = scaling;
    return [[nodegroupName, { min, desired, max: Math.max(1, max) }]];
  });
  return Object.fromEntries((await Promise.all(sizes)).flat());
}

async function readUse(
  aws: Clients,
  instances: readonly Instance[],
  settings: GuardSettings,
  now: Date,
  faults: Faults,
): Promise<Record<string, Use>> {
  // One window to a call, so one call or more for each length of window.
  const windows = new Map<number, string[]>();
  for (const each of instances.filter((one) => mayBeIdle(one, settings, now))) {
    const seconds = ruleOf(each, settings).idleSeconds ?? 0;
    windows.set(seconds, [...(windows.get(seconds) ?? []), each.id]);
  }
  const found: Record<string, Use> = {};
  for (const [seconds, ids] of windows)
    for (let at = 0; at < ids.length; at += INSTANCES) {
      const some = ids.slice(at, at + INSTANCES);
      const use = await faults.trying("read the use of GPUs", () =>
        readWindow(aws, some, seconds, settings.stack, now),
      );
      Object.assign(found, use);
    }
  return found;
}

async function readWindow(
  { cloudWatch }: Clients,
  ids: readonly string[],
  seconds: number,
  stack: string,
  now: Date,
): Promise<Record<string, Use>> {
  const Period = periodOf(seconds);
  const [stackDimension, instanceDimension] = USE_METRIC.dimensions;
  const nameOfQuery = (Stat: (typeof STATISTICS)[number], index: number) => `${Stat.toLowerCase()}${index}`;
  const query = (Stat: (typeof STATISTICS)[number], id: string, index: number): MetricDataQuery => ({
    Id: nameOfQuery(Stat, index),
    MetricStat: {
      Metric: {
        Namespace: USE_METRIC.namespace,
        MetricName: USE_METRIC.name,
        Dimensions: [
          { Name: stackDimension, Value: stack },
          { Name: instanceDimension, Value: id },
        ],
      },
      Period,
      Stat,
    },
  });
  // Whole periods, as CloudWatch keeps them: else the first and the last point are of less time than the others.
  const end = Math.floor(now.getTime() / 1000 / Period) * Period;
  const start = end - Math.floor(seconds / Period) * Period;
  const values = new Map<string, number[]>();
  const pages = paginateGetMetricData(
    { client: cloudWatch },
    {
      MetricDataQueries: ids.flatMap((id, index) => STATISTICS.map((stat) => query(stat, id, index))),
      StartTime: new Date(start * 1000),
      // The minute that is not over yet may show use already.
      EndTime: new Date((end + Period) * 1000),
    },
  );
  for await (const { MetricDataResults = [] } of pages)
    for (const { Id = "", Values = [] } of MetricDataResults) values.set(Id, [...(values.get(Id) ?? []), ...Values]);
  const minutes = Period / 60;
  return Object.fromEntries(
    ids.map((id, index) => {
      const of = (stat: (typeof STATISTICS)[number]) => values.get(nameOfQuery(stat, index)) ?? [];
      // What came twice, while one publisher took over from another, makes up for no gap elsewhere.
      const points = of("SampleCount").reduce((sum, count) => sum + Math.min(count, minutes), 0);
      return [id, { points, expected: (end - start) / 60, highest: Math.max(0, ...of("Maximum")) }];
    }),
  );
}
