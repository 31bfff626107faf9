import { type Account, AwsError } from "../../aws/account";
import { items, type Props, pairs, text } from "../../aws/table";
import { balancerName } from "../controllers";
import type { CloudController } from ".";

/** What the AWS Load Balancer Controller makes of an Ingress: ids by which it takes them away again. */
interface Made {
  readonly balancer: string;
  readonly targetGroup: string;
  /** Of the load balancer itself, then the one that all of a cluster's share towards its pods. */
  readonly groups: readonly string[];
  /** Security group of the nodes, which lets the shared one in. */
  readonly nodes: string;
}

const ANNOTATION = "alb.ingress.kubernetes.io";

/**
 * Plays the AWS Load Balancer Controller, v3.5.0: names and tags are those of its own sources (pkg/ingress/model_build_*.go,
 * pkg/deploy/tracking, pkg/networking/backend_sg_provider.go).
 */
export class LoadBalancers implements CloudController {
  readonly chart = "aws-load-balancer-controller";
  readonly apiVersion = "networking.k8s.io/v1";
  readonly kind = "Ingress";
  readonly finalizer = "ingress.k8s.aws/resources";
  private readonly made = new Map<string, Made>();

  constructor(private readonly account: Account) {}

  async make(ingress: Props, values: Props): Promise<void> {
    const where = { region: text(values, "region") };
    const call = (service: string, operation: string, params: Props) =>
      this.account.call({ service, operation, params }, where);
    const cluster = text(values, "clusterName");
    const stack = `${text(ingress, "metadata.namespace")}/${text(ingress, "metadata.name")}`;
    const annotation = (key: string) => annotationOf(ingress, key);
    const subnets = annotation("subnets")
      .split(",")
      .map((one) => one.trim());
    const given = { ...(values.defaultTags as Props | undefined), ...tagsIn(annotation("tags")) };
    const tagsOf = (resource: string): Props => ({
      ...given,
      "elbv2.k8s.aws/cluster": cluster,
      "ingress.k8s.aws/stack": stack,
      "ingress.k8s.aws/resource": resource,
    });
    const shared: Props = {
      ...(values.defaultTags as Props | undefined),
      "elbv2.k8s.aws/cluster": cluster,
      "elbv2.k8s.aws/resource": "backend-sg",
    };
    const name = balancerName(ingress, where.region).split("-").slice(0, 4).join("-");
    const group = async (groupName: string, tags: Props) => {
      const answer = await call("ec2", "CreateSecurityGroup", {
        GroupName: groupName,
        Description: "[k8s] Managed SecurityGroup for LoadBalancer",
        VpcId: text(values, "vpcId"),
        TagSpecifications: [{ ResourceType: "security-group", Tags: pairs(tags) }],
      });
      return text(answer, "GroupId");
    };
    const groups = [await group(name, tagsOf("ManagedLBSecurityGroup")), await group(`k8s-traffic-${cluster}`, shared)];
    const nodes = text(await call("eks", "DescribeCluster", { name: cluster }), SECURITY_GROUP);
    await call("ec2", "AuthorizeSecurityGroupIngress", { GroupId: nodes, IpPermissions: letIn(groups[1]) });
    const balancer = await call("elbv2", "CreateLoadBalancer", {
      Name: name,
      Type: "application",
      Scheme: annotation("scheme") || "internal",
      Subnets: subnets,
      SecurityGroups: groups,
      Tags: pairs(tagsOf("LoadBalancer")),
    });
    const targetGroup = await call("elbv2", "CreateTargetGroup", {
      Name: name,
      Protocol: "HTTP",
      Port: 80,
      VpcId: text(values, "vpcId"),
      TargetType: "ip",
      Tags: pairs(tagsOf(`${stack}-gateway`)),
    });
    this.made.set(stack, {
      balancer: text(items(balancer.LoadBalancers)[0], "LoadBalancerArn"),
      targetGroup: text(items(targetGroup.TargetGroups)[0], "TargetGroupArn"),
      groups,
      nodes,
    });
  }

  /** In its own order: what holds others goes first. */
  async takeAway(ingress: Props, values: Props): Promise<void> {
    const stack = `${text(ingress, "metadata.namespace")}/${text(ingress, "metadata.name")}`;
    const made = this.made.get(stack);
    if (!made) return;
    const gone = (service: string, operation: string, params: Props) =>
      this.account.call({ service, operation, params }, { region: text(values, "region") }).catch((error: unknown) => {
        if (!(error instanceof AwsError) || !error.notFound) throw error;
      });
    await gone("elbv2", "DeleteLoadBalancer", { LoadBalancerArn: made.balancer });
    await gone("elbv2", "DeleteTargetGroup", { TargetGroupArn: made.targetGroup });
    await gone("ec2", "RevokeSecurityGroupIngress", { GroupId: made.nodes, IpPermissions: letIn(made.groups[1]) });
    for (const id of made.groups) await gone("ec2", "DeleteSecurityGroup", { GroupId: id });
    this.made.delete(stack);
  }
}

const SECURITY_GROUP = "cluster.resourcesVpcConfig.clusterSecurityGroupId";

/** The rule by which load balancers reach pods. */
const letIn = (group: string | undefined) => [
  { IpProtocol: "tcp", FromPort: 0, ToPort: 65535, UserIdGroupPairs: [{ GroupId: group }] },
];

/** Annotation keys hold dots, so no dotted path reaches them. */
function annotationOf(ingress: Props, key: string): string {
  const { annotations } = (ingress.metadata ?? {}) as Props;
  return String(((annotations ?? {}) as Props)[`${ANNOTATION}/${key}`] ?? "");
}

/** `a=1,b=2` as the annotation has it. */
const tagsIn = (written: string): Props =>
  Object.fromEntries(
    written
      .split(",")
      .filter((one) => one.includes("="))
      .map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]),
  );
