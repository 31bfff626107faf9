import type { PolicyDocument, Statement } from "./policy-document";

/*
 * What the AWS Load Balancer Controller may do. Pure. Facts (which calls it makes, which tags it sets) from
 * kubernetes-sigs/aws-load-balancer-controller, tag v3.5.0, docs/install/iam_policy.json and pkg/; narrowed to what this
 * kit uses of it: one application load balancer with addresses of pods as targets. No WAF, Shield, Cognito, NLB, Outposts.
 */

interface LoadBalancerFacts {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly clusterName: string;
  readonly vpcId: string;
}

/** The tag by which the controller knows what it made for a cluster. */
const CLUSTER_TAG = "elbv2.k8s.aws/cluster";

export function loadBalancerPolicy(facts: LoadBalancerFacts): PolicyDocument {
  const { partition, region, accountId, clusterName, vpcId } = facts;
  const ec2 = (resource: string) => `arn:${partition}:ec2:${region}:${accountId}:${resource}`;
  const elb = (resource: string) => `arn:${partition}:elasticloadbalancing:${region}:${accountId}:${resource}`;
  // The controller's own names all start with k8s-.
  const balancers = elb("loadbalancer/app/k8s-*/*");
  const targetGroups = elb("targetgroup/k8s-*/*");
  const listeners = [elb("listener/app/k8s-*/*/*"), elb("listener-rule/app/k8s-*/*/*/*")];
  const own = { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: clusterName } };
  const taggedOwn = { StringEquals: { [`aws:RequestTag/${CLUSTER_TAG}`]: clusterName } };
  const retagOwn = { ...own, Null: { [`aws:RequestTag/${CLUSTER_TAG}`]: "true" } };
  const allow = (
    Sid: string,
    Action: string[],
    Resource: string | string[],
    Condition?: Statement["Condition"],
  ): Statement => ({ Sid, Effect: "Allow", Action, Resource, ...(Condition === undefined ? {} : { Condition }) });

  return {
    Version: "2012-10-17",
    Statement: [
      allow(
        "Describe",
        [
          "ec2:DescribeAccountAttributes",
          "ec2:DescribeAvailabilityZones",
          "ec2:DescribeInstances",
          "ec2:DescribeInternetGateways",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeRouteTables",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSubnets",
          "ec2:DescribeTags",
          "ec2:DescribeVpcPeeringConnections",
          "ec2:DescribeVpcs",
          "ec2:GetSecurityGroupsForVpc",
          "elasticloadbalancing:DescribeCapacityReservation",
          "elasticloadbalancing:DescribeListenerAttributes",
          "elasticloadbalancing:DescribeListenerCertificates",
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeLoadBalancerAttributes",
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeSSLPolicies",
          "elasticloadbalancing:DescribeTags",
          "elasticloadbalancing:DescribeTargetGroupAttributes",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth",
          "elasticloadbalancing:DescribeTrustStores",
        ],
        "*",
        { StringEquals: { "aws:RequestedRegion": region } },
      ),
      // An account that never had a load balancer lacks this role.
      allow(
        "FirstLoadBalancer",
        ["iam:CreateServiceLinkedRole"],
        `arn:${partition}:iam::${accountId}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*`,
        { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
      ),
      allow("SecurityGroupInVpc", ["ec2:CreateSecurityGroup"], ec2(`vpc/${vpcId}`)),
      allow("CreateSecurityGroup", ["ec2:CreateSecurityGroup"], ec2("security-group/*"), taggedOwn),
      allow("TagNewSecurityGroup", ["ec2:CreateTags"], ec2("security-group/*"), {
        StringEquals: { ...taggedOwn.StringEquals, "ec2:CreateAction": "CreateSecurityGroup" },
      }),
      allow("RetagSecurityGroup", ["ec2:CreateTags", "ec2:DeleteTags"], ec2("security-group/*"), retagOwn),
      allow(
        "ChangeSecurityGroup",
        ["ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"],
        ec2("security-group/*"),
        own,
      ),
      // Lets the load balancer reach the pods: a rule in the nodes' group, which EKS made and tagged as the cluster's.
      allow(
        "OpenNodes",
        ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
        ec2("security-group/*"),
        { StringEquals: { [`aws:ResourceTag/kubernetes.io/cluster/${clusterName}`]: "owned" } },
      ),
      allow(
        "CreateLoadBalancer",
        ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
        [balancers, targetGroups],
        taggedOwn,
      ),
      allow("TagNewLoadBalancer", ["elasticloadbalancing:AddTags"], [balancers, targetGroups], {
        StringEquals: {
          ...taggedOwn.StringEquals,
          "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup"],
        },
      }),
      allow(
        "RetagLoadBalancer",
        ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
        [balancers, targetGroups],
        retagOwn,
      ),
      allow(
        "ChangeLoadBalancer",
        [
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
        [balancers, targetGroups],
        own,
      ),
      // Listeners and rules carry the tag only once the controller has set it, so these are bound by name.
      allow(
        "ChangeListeners",
        [
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
        listeners,
      ),
    ],
  };
}
