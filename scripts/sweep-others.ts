import {
  DeleteLogGroupCommand,
  ListTagsForResourceCommand,
  paginateDescribeLogGroups,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  DeleteInstanceProfileCommand,
  GetInstanceProfileCommand,
  ListInstanceProfileTagsCommand,
  paginateListInstanceProfiles,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { guardFunctionName } from "../guard/settings";
import { asking, type Found, type Kind, pages, type Search } from "./sweep-account";
import { tagsOf } from "./sweep-tags";

/*
 * What is neither machine nor network: log groups, Karpenter's instance profiles.
 */

/** Names under which AWS writes logs of a stack. */
export const logGroupNames = (stack: string): string[] => [
  `/aws/eks/${stack}/cluster`,
  `/aws/lambda/${guardFunctionName(stack)}`,
];

/** Groups of these exact names, with their tags: AWS makes a group anew, without tags, for logs that come late. */
export async function namedLogGroups({ clients, stack }: Search): Promise<Found[]> {
  const groups = await Promise.all(
    logGroupNames(stack).map(async (name) => {
      const all = await pages(
        "logs:DescribeLogGroups",
        paginateDescribeLogGroups({ client: clients.logs }, { logGroupNamePrefix: name }),
        (page) => page.logGroups,
      );
      return all.filter(({ logGroupName }) => logGroupName === name);
    }),
  );
  return Promise.all(
    groups.flat().map(async ({ logGroupName = "", arn = "" }) => {
      const { tags } = await asking("logs:ListTagsForResource", () =>
        // The ARN in a listing ends in `:*`, which stands for the streams.
        clients.logs.send(new ListTagsForResourceCommand({ resourceArn: arn.replace(/:\*$/, "") })),
      );
      return { id: logGroupName, tags: tags ?? {} };
    }),
  );
}

const logGroups: Kind = {
  name: "log group",
  list: namedLogGroups,
  remove: async ({ clients }, { id }) => {
    await asking("logs:DeleteLogGroup", () => clients.logs.send(new DeleteLogGroupCommand({ logGroupName: id })));
  },
};

const instanceProfiles: Kind = {
  name: "instance profile",
  // Karpenter puts them below a path with region and cluster. Source: aws/karpenter-provider-aws, pkg/providers/instanceprofile.
  list: async ({ clients, region, stack }) => {
    const all = await pages(
      "iam:ListInstanceProfiles",
      paginateListInstanceProfiles({ client: clients.iam }, { PathPrefix: `/karpenter/${region}/${stack}/` }),
      (page) => page.InstanceProfiles,
    );
    return Promise.all(
      all.map(async ({ InstanceProfileName = "" }) => {
        const { Tags } = await asking("iam:ListInstanceProfileTags", () =>
          clients.iam.send(new ListInstanceProfileTagsCommand({ InstanceProfileName })),
        );
        return { id: InstanceProfileName, tags: tagsOf(Tags) };
      }),
    );
  },
  remove: async ({ clients }, { id: InstanceProfileName }) => {
    const { InstanceProfile } = await asking("iam:GetInstanceProfile", () =>
      clients.iam.send(new GetInstanceProfileCommand({ InstanceProfileName })),
    );
    for (const { RoleName } of InstanceProfile?.Roles ?? [])
      await asking("iam:RemoveRoleFromInstanceProfile", () =>
        clients.iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName })),
      );
    await asking("iam:DeleteInstanceProfile", () =>
      clients.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName })),
    );
  },
};

export const OTHERS = { logGroups, instanceProfiles };
