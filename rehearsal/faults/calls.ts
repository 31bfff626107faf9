import type { Account } from "../doubles/aws/account";
import { at, type Call, items, list, text } from "../doubles/aws/table";
import type { Launch } from "./values";
import { inAws, type World } from "./world";

export interface Heard {
  readonly calls: readonly Call[];
  readonly end: () => void;
}

/** The account's calls from now on. */
export function hear(account: Account): Heard {
  const calls: Call[] = [];
  const { call } = account;
  account.call = (one, where) => {
    calls.push(one);
    return call.call(account, one, where);
  };
  return {
    calls,
    end: () => {
      account.call = call;
    },
  };
}

/**
 * What node groups try to launch first: each instance as the first of the group's types, in its subnets in turn. What comes
 * after that is tried only where this was refused.
 */
export async function launches(world: World, calls: readonly Call[]): Promise<Launch[]> {
  const groups = calls.filter(({ operation }) => operation === "CreateNodegroup").map(({ params }) => params);
  const ids = [...new Set(groups.flatMap((group) => list(at(group, "subnets")).map(String)))];
  if (ids.length === 0) return [];
  const answer = await inAws(world, "ec2", "DescribeSubnets", { SubnetIds: ids });
  const zones = new Map(items(answer.Subnets).map((one) => [text(one, "SubnetId"), text(one, "AvailabilityZone")]));
  return groups.flatMap((group) => {
    const subnets = list(at(group, "subnets")).map(String);
    const [type] = list(at(group, "instanceTypes")).map(String);
    if (type === undefined) return [];
    return Array.from({ length: Number(at(group, "scalingConfig.desiredSize") ?? 1) }, (_, number) => ({
      type,
      zone: zones.get(subnets[number % subnets.length] ?? "") ?? "",
    }));
  });
}
