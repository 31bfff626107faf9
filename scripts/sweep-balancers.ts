import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeTagsCommand,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { asking, type Found, isGone, type Kind, pages, type Search } from "./sweep-account";
import { type Tags, tagsOf } from "./sweep-tags";

/*
 * Load balancers and their target groups, whose tags are asked for separately.
 */

/** DescribeTags takes no more at once. Source: Elastic Load Balancing API reference, DescribeTags. */
const TAGS_AT_ONCE = 20;

async function tagsByArn({ clients }: Search, arns: readonly string[]): Promise<Map<string, Tags>> {
  const byArn = new Map<string, Tags>();
  for (let at = 0; at < arns.length; at += TAGS_AT_ONCE)
    for (const [arn, tags] of await tagsAtOnce(clients, arns.slice(at, at + TAGS_AT_ONCE))) byArn.set(arn, tags);
  return byArn;
}

/** One that has gone since it was listed makes AWS refuse the whole question: then each is asked about by itself. */
async function tagsAtOnce(clients: Search["clients"], arns: string[]): Promise<[string, Tags][]> {
  try {
    const { TagDescriptions } = await asking("elasticloadbalancing:DescribeTags", () =>
      clients.balancers.send(new DescribeTagsCommand({ ResourceArns: arns })),
    );
    return (TagDescriptions ?? []).map(({ ResourceArn = "", Tags }) => [ResourceArn, tagsOf(Tags)]);
  } catch (error) {
    if (!isGone(error)) throw error;
    if (arns.length <= 1) return [];
    return (await Promise.all(arns.map((arn) => tagsAtOnce(clients, [arn])))).flat();
  }
}

async function tagged(search: Search, all: readonly Omit<Found, "tags">[]): Promise<Found[]> {
  const byArn = await tagsByArn(
    search,
    all.map(({ id }) => id),
  );
  return all.map((one) => ({ ...one, tags: byArn.get(one.id) ?? {} }));
}

const loadBalancers: Kind = {
  name: "load balancer",
  list: async (search) => {
    const all = await pages(
      "elasticloadbalancing:DescribeLoadBalancers",
      paginateDescribeLoadBalancers({ client: search.clients.balancers }, {}),
      (page) => page.LoadBalancers,
    );
    return tagged(
      search,
      all.map(({ LoadBalancerArn = "", LoadBalancerName, Scheme }) => ({
        id: LoadBalancerArn,
        name: LoadBalancerName,
        detail: Scheme,
      })),
    );
  },
  remove: async ({ clients }, { id }) => {
    await asking("elasticloadbalancing:DeleteLoadBalancer", () =>
      clients.balancers.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: id })),
    );
  },
};

const targetGroups: Kind = {
  name: "target group",
  list: async (search) => {
    const all = await pages(
      "elasticloadbalancing:DescribeTargetGroups",
      paginateDescribeTargetGroups({ client: search.clients.balancers }, {}),
      (page) => page.TargetGroups,
    );
    return tagged(
      search,
      all.map(({ TargetGroupArn = "", TargetGroupName }) => ({ id: TargetGroupArn, name: TargetGroupName })),
    );
  },
  remove: async ({ clients }, { id }) => {
    await asking("elasticloadbalancing:DeleteTargetGroup", () =>
      clients.balancers.send(new DeleteTargetGroupCommand({ TargetGroupArn: id })),
    );
  },
};

export const BALANCERS = { loadBalancers, targetGroups };
