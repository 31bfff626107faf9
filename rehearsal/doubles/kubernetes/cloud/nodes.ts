import type { Account } from "../../aws/account";
import { items, list, type Props, pairs, props, text } from "../../aws/table";
import type { Objects } from "../objects";
import type { CloudController } from ".";

/** Where an image for GPU nodes is published; nothing boots from it. */
const IMAGE = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/nvidia/recommended/image_id";

/**
 * Plays what Karpenter, 1.14, leaves in AWS for a NodePool whose pods wanted a node. Source of the tags: Karpenter's
 * documentation, concepts/nodeclasses, "spec.tags". In the cluster a NodePool waits for its NodeClaims; here the NodePool
 * itself carries the finalizer that they carry, since nothing else of a NodeClaim is played.
 */
export class Nodes implements CloudController {
  readonly chart = "karpenter";
  readonly apiVersion = "karpenter.sh/v1";
  readonly kind = "NodePool";
  readonly finalizer = "karpenter.sh/termination";
  private readonly made = new Map<string, { readonly id: string; readonly region: string }>();

  constructor(
    private readonly account: Account,
    private readonly objects: Objects,
  ) {}

  async make(pool: Props, values: Props): Promise<void> {
    const name = text(pool, "metadata.name");
    const template = props(props(props(pool.spec).template).spec);
    const nodeClass = text(template, "nodeClassRef.name");
    const found = await this.objects.get({
      apiVersion: "karpenter.k8s.aws/v1",
      kind: "EC2NodeClass",
      metadata: { name: nodeClass },
    });
    const spec = props(found?.spec);
    const cluster = text(values, "settings.clusterName");
    const region = text(values, "region");
    const tags: Props = {
      ...props(spec.tags),
      "karpenter.sh/nodepool": name,
      "karpenter.sh/nodeclaim": `${name}-played`,
      "karpenter.k8s.aws/ec2nodeclass": nodeClass,
      "eks:eks-cluster-name": cluster,
      [`kubernetes.io/cluster/${cluster}`]: "owned",
    };
    const [type] = requirement(template, "node.kubernetes.io/instance-type");
    const call = (service: string, operation: string, params: Props) =>
      this.account.call({ service, operation, params }, { region });
    const image = text(await call("ssm", "GetParameter", { Name: IMAGE }), "Parameter.Value");
    const launched = await call("ec2", "RunInstances", {
      ImageId: image,
      InstanceType: type,
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: text(items(spec.subnetSelectorTerms)[0], "id"),
          Groups: items(spec.securityGroupSelectorTerms).map(({ id }) => id),
          DeleteOnTermination: true,
        },
      ],
      TagSpecifications: ["instance", "volume", "network-interface"].map((kind) => ({
        ResourceType: kind,
        Tags: pairs(tags),
      })),
    });
    this.made.set(name, { id: text(items(launched.Instances)[0], "InstanceId"), region });
  }

  async takeAway(pool: Props): Promise<void> {
    const name = text(pool, "metadata.name");
    const made = this.made.get(name);
    if (!made) return;
    const params = { InstanceIds: [made.id] };
    await this.account.call({ service: "ec2", operation: "TerminateInstances", params }, { region: made.region });
    this.made.delete(name);
  }
}

/** Values that a NodePool allows for a label. */
function requirement(template: Props, key: string): readonly string[] {
  const found = items(template.requirements).find((one) => one.key === key);
  return list(found?.values).map(String);
}
