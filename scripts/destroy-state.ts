import type { Managed } from "./sweep-list";

/*
 * What a stack's state says, as `pulumi stack export` gives it. Pure.
 */

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  /** False of a component, which is nothing but a name for what is below it. */
  readonly custom?: boolean;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly parent?: string;
  /** `urn::id`. */
  readonly provider?: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
  readonly deletedWith?: string;
  readonly replaceWith?: readonly string[];
  readonly [other: string]: unknown;
}

export interface PendingOperation {
  readonly type: string;
  readonly resource: StateResource;
}

export interface Deployment {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly PendingOperation[];
  readonly [other: string]: unknown;
}

const KUBERNETES_PROVIDER = "pulumi:providers:kubernetes";
const CLUSTER = "aws:eks/cluster:Cluster";
const NODE_GROUP = "aws:eks/nodeGroup:NodeGroup";

export const isKubernetes = ({ type }: Pick<StateResource, "type">): boolean =>
  type.startsWith("kubernetes:") || type === KUBERNETES_PROVIDER;

/** What the cluster's API is needed for: those that a destroy has to delete there. */
export const inCluster = ({ resources = [] }: Deployment): StateResource[] =>
  resources.filter((one) => one.custom !== false && isKubernetes(one) && one.type !== KUBERNETES_PROVIDER);

/** `type name` of a URN. */
export const shortUrn = (urn: string): string => {
  const [, , type = "", ...name] = urn.split("::");
  return `${type.split("$").pop()} ${name.join("::")}`;
};

/** Types of Karpenter's role in a URN, from the component that makes it. */
const LAUNCH_ROLE = "pilotlight:index:Karpenter$pilotlight:index:PodRole$aws:iam/role:Role";

/** Name of the role by which Karpenter starts instances; none where the state has no elastic pool, or no role any more. */
export const launchRoleOf = ({ resources = [] }: Deployment): string | undefined =>
  resources.find(({ urn }) => urn.split("::")[2]?.endsWith(LAUNCH_ROLE))?.id;

/** What a killed run had begun to make: it may be there, and no id of it is known. */
export const pendingCreates = ({ pending_operations = [] }: Deployment): StateResource[] =>
  pending_operations.filter(({ type }) => type === "creating").map(({ resource }) => resource);

/** The stack has a cluster, or things in one: what carries its tags may be at work. */
export const hasCluster = (deployment: Deployment): boolean =>
  inCluster(deployment).length > 0 || (deployment.resources ?? []).some(({ type }) => type === CLUSTER);

/**
 * The state without anything of Kubernetes. What waited for such a thing waits for what that one waited for, so that the
 * order of deletion in AWS stays as it was.
 */
export function withoutKubernetes(deployment: Deployment): Deployment {
  const { resources = [], pending_operations = [] } = deployment;
  const byUrn = new Map(resources.map((one) => [one.urn, one]));
  const dropped = new Set(resources.filter(isKubernetes).map(({ urn }) => urn));

  /** Itself where it stays, else what stands behind it. */
  function standsFor(urn: string, seen = new Set<string>()): string[] {
    const one = byUrn.get(urn);
    // A name that nothing has would make the engine refuse the state.
    if (one === undefined || seen.has(urn)) return [];
    if (!dropped.has(urn)) return [urn];
    seen.add(urn);
    return (one.dependencies ?? []).flatMap((next) => standsFor(next, seen));
  }
  const resolved = (urns: readonly string[]) => [...new Set(urns.flatMap((urn) => standsFor(urn)))];

  function parentOf(urn: string | undefined): string | undefined {
    let at = urn;
    while (at !== undefined && dropped.has(at)) at = byUrn.get(at)?.parent;
    return at;
  }

  const mended = (one: StateResource): StateResource => {
    const { parent, deletedWith, dependencies, propertyDependencies, replaceWith, ...rest } = one;
    const above = parentOf(parent);
    return {
      ...rest,
      ...(above === undefined ? {} : { parent: above }),
      ...(dependencies === undefined ? {} : { dependencies: resolved(dependencies) }),
      ...(propertyDependencies === undefined
        ? {}
        : {
            propertyDependencies: Object.fromEntries(
              Object.entries(propertyDependencies).map(([name, urns]) => [name, resolved(urns ?? [])]),
            ),
          }),
      ...(deletedWith === undefined || dropped.has(deletedWith) ? {} : { deletedWith }),
      ...(replaceWith === undefined ? {} : { replaceWith: replaceWith.filter((urn) => !dropped.has(urn)) }),
    };
  };
  return {
    ...deployment,
    // Still in an order that the engine accepts: what stands behind something came before it.
    resources: resources.filter(({ urn }) => !dropped.has(urn)).map(mended),
    pending_operations: pending_operations.filter(({ resource }) => !isKubernetes(resource)),
  };
}

/** The state without what a killed run had begun to make. */
export const withoutPending = (deployment: Deployment): Deployment => ({ ...deployment, pending_operations: [] });

/** Every text in a value. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) for (const one of Object.values(value)) yield* textsIn(one);
}

/**
 * What a state has in AWS: whatever its resources name by id, ARN or name is theirs, so the cluster's own security group is,
 * too, which EKS makes.
 */
export function managedBy(deployment: Deployment): Managed {
  const resources = (deployment.resources ?? []).filter((one) => !isKubernetes(one));
  const ids = new Set<string>();
  for (const { id, inputs, outputs } of resources) for (const text of textsIn([id, inputs, outputs])) ids.add(text);
  const has = (wanted: string) => resources.some(({ type }) => type === wanted);
  return { ids, nodeGroups: has(NODE_GROUP), cluster: has(CLUSTER) };
}

/** How Pulumi marks a secret. Source: pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go, SigKey and SecretSig. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** A value of a state that was exported with its secrets. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(SIGNATURE in value)) return value;
  return "plaintext" in value ? JSON.parse(String(value.plaintext)) : undefined;
}

/** How a state's own Kubernetes provider reaches the cluster; what it leaves open is the user's kubeconfig. */
export function accessOf({ resources = [] }: Deployment): { kubeconfig?: string; context?: string } {
  const inputs = resources.find(({ type }) => type === KUBERNETES_PROVIDER)?.inputs ?? {};
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  return { kubeconfig: text(plain(inputs.kubeconfig)), context: text(plain(inputs.context)) };
}
