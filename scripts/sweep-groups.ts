import {
  DeleteSecurityGroupCommand,
  type IpPermission,
  paginateDescribeSecurityGroups,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from "@aws-sdk/client-ec2";
import { asking, type Kind, pages, type Search } from "./sweep-account";
import { PAGE } from "./sweep-ec2";
import { isOfStack, tagsOf } from "./sweep-tags";

/*
 * Security groups. A group that a rule of another one names cannot be deleted, so such rules go first, but only out of
 * groups that are the stack's, too.
 */

const groupsOf = (search: Search) =>
  pages(
    "ec2:DescribeSecurityGroups",
    paginateDescribeSecurityGroups({ client: search.clients.ec2, pageSize: PAGE }, {}),
    (page) => page.SecurityGroups,
  );

/** Of a group's rules the part that names another one. Pure. */
export function rulesNaming(permissions: readonly IpPermission[] | undefined, group: string): IpPermission[] {
  return (permissions ?? []).flatMap(({ IpProtocol, FromPort, ToPort, UserIdGroupPairs }) => {
    const pairs = (UserIdGroupPairs ?? []).filter(({ GroupId }) => GroupId === group);
    return pairs.length === 0
      ? []
      : [{ IpProtocol, FromPort, ToPort, UserIdGroupPairs: pairs.map(({ GroupId, UserId }) => ({ GroupId, UserId })) }];
  });
}

async function revoke(
  { clients }: Search,
  { GroupId, IpPermissions, IpPermissionsEgress }: SecurityGroup,
  named: string,
) {
  const ingress = rulesNaming(IpPermissions, named);
  const egress = rulesNaming(IpPermissionsEgress, named);
  if (ingress.length > 0)
    await asking("ec2:RevokeSecurityGroupIngress", () =>
      clients.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: ingress })),
    );
  if (egress.length > 0)
    await asking("ec2:RevokeSecurityGroupEgress", () =>
      clients.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: egress })),
    );
}

export const securityGroups: Kind = {
  name: "security group",
  list: async (search) =>
    (await groupsOf(search))
      // Every VPC has one, which goes with it and cannot be deleted.
      .filter(({ GroupName }) => GroupName !== "default")
      .map(({ GroupId = "", GroupName, Tags }) => ({ id: GroupId, tags: tagsOf(Tags), name: GroupName })),
  remove: async (search, { id }) => {
    for (const other of await groupsOf(search))
      if (other.GroupId !== id && isOfStack(tagsOf(other.Tags), search.stack)) await revoke(search, other, id);
    await asking("ec2:DeleteSecurityGroup", () =>
      search.clients.ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })),
    );
  },
};
