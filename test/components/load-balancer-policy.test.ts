import { expect, test } from "vitest";
import { loadBalancerPolicy } from "../../components/load-balancer-policy";
import { actionsOf, tooWide, unconditioned } from "./policies";

const policy = loadBalancerPolicy({
  partition: "aws",
  region: "us-east-1",
  accountId: "123456789012",
  clusterName: "kit",
  vpcId: "vpc-1",
});
const statement = (sid: string) => policy.Statement.find(({ Sid }) => Sid === sid);

test("each statement that changes something allows exactly these actions", () => {
  const { Describe, ...changes } = actionsOf(policy);
  expect(Describe).toHaveLength(25);
  for (const action of Describe ?? []) expect(action).toMatch(/^(ec2|elasticloadbalancing):(Describe|Get)/);
  expect(changes).toEqual({
    FirstLoadBalancer: ["iam:CreateServiceLinkedRole"],
    SecurityGroupInVpc: ["ec2:CreateSecurityGroup"],
    CreateSecurityGroup: ["ec2:CreateSecurityGroup"],
    TagNewSecurityGroup: ["ec2:CreateTags"],
    RetagSecurityGroup: ["ec2:CreateTags", "ec2:DeleteTags"],
    ChangeSecurityGroup: [
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:DeleteSecurityGroup",
      "ec2:RevokeSecurityGroupIngress",
    ],
    OpenNodes: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
    CreateLoadBalancer: ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
    TagNewLoadBalancer: ["elasticloadbalancing:AddTags"],
    RetagLoadBalancer: ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
    ChangeLoadBalancer: [
      "elasticloadbalancing:CreateListener",
      "elasticloadbalancing:DeleteLoadBalancer",
      "elasticloadbalancing:DeleteTargetGroup",
      "elasticloadbalancing:DeregisterTargets",
      "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyTargetGroup",
      "elasticloadbalancing:ModifyTargetGroupAttributes",
      "elasticloadbalancing:RegisterTargets",
      "elasticloadbalancing:SetIpAddressType",
      "elasticloadbalancing:SetSecurityGroups",
      "elasticloadbalancing:SetSubnets",
    ],
    ChangeListeners: [
      "elasticloadbalancing:AddListenerCertificates",
      "elasticloadbalancing:AddTags",
      "elasticloadbalancing:CreateRule",
      "elasticloadbalancing:DeleteListener",
      "elasticloadbalancing:DeleteRule",
      "elasticloadbalancing:ModifyListener",
      "elasticloadbalancing:ModifyListenerAttributes",
      "elasticloadbalancing:ModifyRule",
      "elasticloadbalancing:RemoveListenerCertificates",
      "elasticloadbalancing:RemoveTags",
      "elasticloadbalancing:SetRulePriorities",
    ],
  });
});

test("no statement is too wide; without a condition are two, bound by the VPC and by the controller's own names", () => {
  expect(tooWide(policy)).toEqual([]);
  expect(unconditioned(policy)).toEqual(["SecurityGroupInVpc", "ChangeListeners"]);
  expect(statement("SecurityGroupInVpc")?.Resource).toBe("arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1");
  expect(statement("ChangeListeners")?.Resource).toEqual([
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/k8s-*/*/*",
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/k8s-*/*/*/*",
  ]);
});

test("what it changes or makes carries this cluster's tag", () => {
  for (const sid of ["ChangeSecurityGroup", "ChangeLoadBalancer", "RetagSecurityGroup", "RetagLoadBalancer"])
    expect(statement(sid)?.Condition?.StringEquals).toMatchObject({ "aws:ResourceTag/elbv2.k8s.aws/cluster": "kit" });
  for (const sid of ["CreateSecurityGroup", "TagNewSecurityGroup", "CreateLoadBalancer", "TagNewLoadBalancer"])
    expect(statement(sid)?.Condition?.StringEquals).toMatchObject({ "aws:RequestTag/elbv2.k8s.aws/cluster": "kit" });
});

test("of the groups it did not make, it opens the cluster's own alone", () => {
  expect(statement("OpenNodes")?.Condition).toEqual({
    StringEquals: { "aws:ResourceTag/kubernetes.io/cluster/kit": "owned" },
  });
});
