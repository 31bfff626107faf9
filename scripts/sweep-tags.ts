import { STACK_TAG } from "../guard/tags";

/*
 * By which tags a resource is known to be a stack's. Pure. Everything that lists or deletes goes through `isOfStack`.
 */

/** Tags of one resource, by key. */
export type Tags = Readonly<Record<string, string>>;

/** Value of an ownership tag that says that the cluster alone uses the resource; `shared` is somebody else's. */
const OWNED = "owned";

/** Of what Kubernetes' own controllers, EKS and Karpenter make for a cluster. */
const ownershipTag = (cluster: string) => `kubernetes.io/cluster/${cluster}`;

/** Who sets a tag whose value is the cluster's name. */
const NAMING_TAGS = {
  /** AWS Load Balancer Controller. Source: kubernetes-sigs/aws-load-balancer-controller, pkg/deploy/tracking/provider.go. */
  "elbv2.k8s.aws/cluster": "load balancer controller",
  /** EKS, on managed node groups' autoscaling groups and launch templates. */
  "eks:cluster-name": "EKS",
  /** EKS, on instances and on the cluster's security group. */
  "aws:eks:cluster-name": "EKS",
  /** Karpenter. Source: aws/karpenter-provider-aws, pkg/apis/v1/labels.go. */
  "eks:eks-cluster-name": "Karpenter",
  /** Karpenter's launch templates. Source: aws/karpenter-provider-aws, upgrade guide. */
  "karpenter.k8s.aws/cluster": "Karpenter",
  /** The network plugin's interfaces. Source: aws/amazon-vpc-cni-k8s, pkg/awsutils/awsutils.go. */
  "cluster.k8s.amazonaws.com/name": "network plugin",
} as const;

/**
 * Whether a resource is the stack's: it says so itself, or a controller of the stack's cluster does.
 * @param stack the stack's name in AWS, which is the name of its cluster.
 */
export function isOfStack(tags: Tags, stack: string): boolean {
  if (stack === "") return false;
  const has = (key: string, value: string) => Object.hasOwn(tags, key) && tags[key] === value;
  // Whoever shares a resource with the cluster goes on using it, whatever else it carries.
  if (Object.hasOwn(tags, ownershipTag(stack)) && tags[ownershipTag(stack)] !== OWNED) return false;
  return (
    has(STACK_TAG, stack) || has(ownershipTag(stack), OWNED) || Object.keys(NAMING_TAGS).some((key) => has(key, stack))
  );
}

/** A list of tags as AWS gives it, by key. */
export function tagsOf(list: readonly { readonly Key?: string; readonly Value?: string }[] | undefined): Tags {
  // Without a prototype a tag may have any key, `__proto__` too.
  const tags: Record<string, string> = Object.create(null);
  for (const { Key, Value } of list ?? []) if (Key !== undefined) tags[Key] = Value ?? "";
  return tags;
}
