import { type Call, items, list, type Props, type Row, type Table, text, type Value } from "../table";
import { ec2, ec2Arn, ec2Tags, specified } from "./ec2-network";

type Direction = "Ingress" | "Egress";

/** "All" is written in three ways: by Pulumi's users as -1 or all, by AWS as -1 without ports. */
function protocol(value: Value): string {
  return value === "all" ? "-1" : String(value);
}

/** An inline rule of a security group as AWS's permission. */
function inline(group: string, rule: Props): Props {
  const all = protocol(rule.protocol) === "-1";
  const note = { Description: rule.description };
  const groups = [...list(rule.securityGroups), ...(rule.self ? [group] : [])];
  return {
    IpProtocol: protocol(rule.protocol),
    ...(all ? {} : { FromPort: rule.fromPort, ToPort: rule.toPort }),
    ...some("IpRanges", list(rule.cidrBlocks), (CidrIp) => ({ CidrIp, ...note })),
    ...some("Ipv6Ranges", list(rule.ipv6CidrBlocks), (CidrIpv6) => ({ CidrIpv6, ...note })),
    ...some("PrefixListIds", list(rule.prefixListIds), (PrefixListId) => ({ PrefixListId, ...note })),
    ...some("UserIdGroupPairs", groups, (GroupId) => ({ GroupId, ...note })),
  };
}

function some(key: string, values: readonly Value[], each: (value: Value) => Props): Props {
  return values.length > 0 ? { [key]: values.map(each) } : {};
}

/** A rule of its own as AWS's permission. */
function permission(rule: Props): Props {
  return {
    IpProtocol: protocol(rule.ipProtocol),
    FromPort: rule.fromPort,
    ToPort: rule.toPort,
    ...some("IpRanges", rule.cidrIpv4 ? [rule.cidrIpv4] : [], (CidrIp) => ({ CidrIp, Description: rule.description })),
    ...some("Ipv6Ranges", rule.cidrIpv6 ? [rule.cidrIpv6] : [], (CidrIpv6) => ({ CidrIpv6 })),
    ...some("PrefixListIds", rule.prefixListId ? [rule.prefixListId] : [], (PrefixListId) => ({ PrefixListId })),
    ...some("UserIdGroupPairs", rule.referencedSecurityGroupId ? [rule.referencedSecurityGroupId] : [], (GroupId) => ({
      GroupId,
      Description: rule.description,
    })),
  };
}

const inlineRules = (verb: "Authorize" | "Revoke", direction: Direction, group: string, rules: Value): Call[] =>
  list(rules).length > 0
    ? [
        ec2(`${verb}SecurityGroup${direction}`, {
          GroupId: group,
          IpPermissions: items(rules).map((rule) => inline(group, rule)),
        }),
      ]
    : [];

const swapRules =
  (direction: Direction) =>
  ({ id, old, now }: { id: string; old: Props; now: Props }): Call[] => {
    const key = direction.toLowerCase();
    return [...inlineRules("Revoke", direction, id, old[key]), ...inlineRules("Authorize", direction, id, now[key])];
  };

const ANYWHERE_OUT = { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] };

/** A rule in one direction: one source or target, replaced in AWS whenever it changes. */
function ruleRow(direction: Direction): Row {
  const change = ({ id, now }: { id: string; now: Props }): Call[] => [
    ec2("ModifySecurityGroupRules", {
      GroupId: now.securityGroupId,
      SecurityGroupRules: [
        {
          SecurityGroupRuleId: id,
          SecurityGroupRule: {
            IpProtocol: protocol(now.ipProtocol),
            FromPort: now.fromPort,
            ToPort: now.toPort,
            CidrIpv4: now.cidrIpv4,
            CidrIpv6: now.cidrIpv6,
            PrefixListId: now.prefixListId,
            ReferencedGroupId: now.referencedSecurityGroupId,
            Description: now.description,
          },
        },
      ],
    }),
  ];
  const inputs = ["ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "prefixListId"];
  return {
    replaces: ["securityGroupId"],
    updates: Object.fromEntries([...inputs, "referencedSecurityGroupId", "description"].map((key) => [key, change])),
    tags: ec2Tags,
    create: (i) =>
      ec2(`AuthorizeSecurityGroup${direction}`, {
        GroupId: i.securityGroupId,
        IpPermissions: [permission(i)],
        ...specified("security-group-rule", i),
      }),
    id: (answer) => text(answer, "SecurityGroupRules.0.SecurityGroupRuleId"),
    outs: (id, _i, _answers, where) => ({
      arn: ec2Arn("security-group-rule", id, where),
      securityGroupRuleId: id,
    }),
    exists: (id) => ec2("DescribeSecurityGroupRules", { Filters: [{ Name: "security-group-rule-id", Values: [id] }] }),
    alive: (answer) => list(answer.SecurityGroupRules).length > 0,
    remove: (_id, state) => [
      ec2(`RevokeSecurityGroup${direction}`, { GroupId: state.securityGroupId, IpPermissions: [permission(state)] }),
    ],
  };
}

export const security: Table = {
  "aws:ec2/securityGroup:SecurityGroup": {
    autoname: { field: "name", prefix: "namePrefix", max: 255 },
    defaults: { description: "Managed by Pulumi", revokeRulesOnDelete: false },
    replaces: ["name", "namePrefix", "description", "vpcId"],
    updates: { ingress: swapRules("Ingress"), egress: swapRules("Egress") },
    local: ["revokeRulesOnDelete"],
    tags: ec2Tags,
    create: (i) =>
      ec2("CreateSecurityGroup", {
        GroupName: i.name,
        Description: i.description,
        VpcId: i.vpcId,
        ...specified("security-group", i),
      }),
    id: (answer) => text(answer, "GroupId"),
    // AWS opens a new group outwards; the provider closes it, and then makes what the program says.
    finish: (id, i) => [
      ec2("RevokeSecurityGroupEgress", { GroupId: id, IpPermissions: [ANYWHERE_OUT] }),
      ...inlineRules("Authorize", "Ingress", id, i.ingress),
      ...inlineRules("Authorize", "Egress", id, i.egress),
    ],
    outs: (id, i, _answers, where) => ({
      arn: ec2Arn("security-group", id, where),
      ownerId: where.account,
      ingress: list(i.ingress),
      egress: list(i.egress),
    }),
    exists: (id) => ec2("DescribeSecurityGroups", { GroupIds: [id] }),
    remove: (id) => [ec2("DeleteSecurityGroup", { GroupId: id })],
  },

  // Adopts the group AWS made with the VPC and takes its rules away; deleting it only forgets it.
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
    replaces: ["vpcId"],
    updates: { ingress: swapRules("Ingress"), egress: swapRules("Egress") },
    local: ["revokeRulesOnDelete"],
    tags: ec2Tags,
    create: (i) =>
      ec2("DescribeSecurityGroups", {
        Filters: [
          { Name: "vpc-id", Values: [i.vpcId] },
          { Name: "group-name", Values: ["default"] },
        ],
      }),
    id: (answer) => text(answer, "SecurityGroups.0.GroupId"),
    finish: (id, i) => [
      ec2("RevokeSecurityGroupEgress", { GroupId: id, IpPermissions: [ANYWHERE_OUT] }),
      ...inlineRules("Authorize", "Ingress", id, i.ingress),
      ...inlineRules("Authorize", "Egress", id, i.egress),
      ...(i.tags ? [ec2Tags.set(id, i, i.tags as Props)] : []),
    ],
    outs: (id, i, _answers, where) => ({
      arn: ec2Arn("security-group", id, where),
      name: "default",
      description: "default VPC security group",
      ownerId: where.account,
      ingress: list(i.ingress),
      egress: list(i.egress),
    }),
    exists: (id) => ec2("DescribeSecurityGroups", { GroupIds: [id] }),
    remove: () => [],
  },

  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ruleRow("Ingress"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ruleRow("Egress"),
};
