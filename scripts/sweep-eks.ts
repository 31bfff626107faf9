import {
  type Cluster,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  paginateListNodegroups,
} from "@aws-sdk/client-eks";
import { asking, isGone, type Kind, pages, type Search } from "./sweep-account";

/*
 * The cluster, and node groups of it that no state has, such as one that a killed run had begun to make.
 */

/** What is asked for, or undefined where it does not exist (any more). */
async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** What EKS says of the stack's cluster; undefined where it has none. */
export const describeCluster = async ({ clients, stack }: Search): Promise<Cluster | undefined> => {
  const ask = () => clients.eks.send(new DescribeClusterCommand({ name: stack }));
  return (await ifThere(() => asking("eks:DescribeCluster", ask)))?.cluster;
};

/** Listed only: deleting it is Pulumi's. */
const cluster: Kind = {
  name: "EKS cluster",
  list: async (search) => {
    const found = await describeCluster(search);
    return found === undefined ? [] : [{ id: search.stack, tags: found.tags ?? {}, detail: found.status }];
  },
};

/** Before instances: a group starts one anew for each that is terminated. */
const nodeGroups: Kind = {
  name: "node group",
  list: async (search) => {
    const { clients, stack: clusterName } = search;
    if ((await describeCluster(search)) === undefined) return [];
    const paged = paginateListNodegroups({ client: clients.eks }, { clusterName });
    // The cluster may be gone in the meantime.
    const names = await ifThere(() => pages("eks:ListNodegroups", paged, (page) => page.nodegroups));
    const groups = await Promise.all(
      (names ?? []).map((nodegroupName) => {
        const ask = () => clients.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }));
        return ifThere(() => asking("eks:DescribeNodegroup", ask));
      }),
    );
    return groups.flatMap((answer) => {
      const { nodegroupName: id, tags = {}, status: detail } = answer?.nodegroup ?? {};
      return id === undefined ? [] : [{ id, tags, detail }];
    });
  },
  remove: async ({ clients, stack: clusterName }, { id: nodegroupName }) => {
    await asking("eks:DeleteNodegroup", () =>
      clients.eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName })),
    );
  },
};

export const EKS = { cluster, nodeGroups };
