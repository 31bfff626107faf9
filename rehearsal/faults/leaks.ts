import { randomBytes } from "node:crypto";
import { STACK_TAG } from "../../guard/tags";
import { at, list, text } from "../doubles/aws/table";
import { inAws, type World } from "./world";

/*
 * Things that controllers in a cluster leave in an account when they are ended in the middle of their work.
 */

export const LEAKS = ["eni", "alb", "instance"] as const;
export type Leak = (typeof LEAKS)[number];

/** Puts one into the stack's network, as its controller would have made and tagged it. */
export async function leak(world: World, kind: Leak): Promise<void> {
  const cluster = await inAws(world, "eks", "DescribeCluster", { name: world.name });
  const nodes = text(cluster, "cluster.resourcesVpcConfig.clusterSecurityGroupId");
  const vpc = text(cluster, "cluster.resourcesVpcConfig.vpcId");
  const subnets = list(at(cluster, "cluster.resourcesVpcConfig.subnetIds")).map(String);
  const [subnet = ""] = subnets;
  const own = { [STACK_TAG]: world.name };
  switch (kind) {
    case "eni":
      // The VPC CNI's, of a node that ended before it could give it back.
      await inAws(world, "ec2", "CreateNetworkInterface", {
        SubnetId: subnet,
        Groups: [nodes],
        Description: "aws-K8S-i-0123456789abcdef0",
        TagSpecifications: specified("network-interface", {
          ...own,
          "cluster.k8s.amazonaws.com/name": world.name,
          "node.k8s.amazonaws.com/instance_id": "i-0123456789abcdef0",
          "eks:eni:owner": "amazon-vpc-cni",
        }),
      });
      return;
    case "alb": {
      const tags = { ...own, "elbv2.k8s.aws/cluster": world.name, "ingress.k8s.aws/stack": "inference/earlier" };
      const name = `k8s-inferenc-earlier-${randomBytes(5).toString("hex")}`;
      const group = await inAws(world, "ec2", "CreateSecurityGroup", {
        GroupName: name,
        Description: "[k8s] Managed SecurityGroup for LoadBalancer",
        VpcId: vpc,
        TagSpecifications: specified("security-group", tags),
      });
      await inAws(world, "elbv2", "CreateLoadBalancer", {
        Name: name,
        Scheme: "internal",
        Subnets: subnets,
        SecurityGroups: [text(group, "GroupId")],
        Tags: pairsOf(tags),
      });
      return;
    }
    case "instance":
      // Karpenter's, whose NodeClaim is gone.
      await inAws(world, "ec2", "RunInstances", {
        ImageId: "ami-0123456789abcdef0",
        InstanceType: "g6e.xlarge",
        MinCount: 1,
        MaxCount: 1,
        NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: [nodes], DeleteOnTermination: true }],
        TagSpecifications: specified("instance", {
          ...own,
          "karpenter.sh/nodepool": "l40s-spot",
          [`kubernetes.io/cluster/${world.name}`]: "owned",
        }),
      });
      return;
  }
}

const pairsOf = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const specified = (ResourceType: string, tags: Readonly<Record<string, string>>) => [
  { ResourceType, Tags: pairsOf(tags) },
];
