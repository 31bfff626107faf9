/*
 * Kubernetes objects as the API answers them, as far as `npm run why` looks at them. Every field may be absent: an object
 * that a controller has not seen yet has no status.
 */

export interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

interface Named {
  readonly metadata?: Metadata;
}

interface Conditioned extends Named {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface SelectorTerm {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms?: readonly { readonly matchExpressions?: readonly SelectorTerm[] }[];
      };
    };
  };
  readonly containers?: readonly {
    readonly name: string;
    readonly image?: string;
    readonly resources?: {
      readonly requests?: Readonly<Record<string, string>>;
      readonly limits?: Readonly<Record<string, string>>;
    };
  }[];
}

interface Terminated {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly finishedAt?: string;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: Terminated;
}

export interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface Pod extends Named {
  readonly spec?: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface Deployment extends Named {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly metadata?: Metadata; readonly spec?: PodSpec };
  };
  readonly status?: { readonly readyReplicas?: number; readonly availableReplicas?: number };
}

export interface ScaledObject extends Conditioned {
  readonly spec?: {
    readonly minReplicaCount?: number;
    readonly maxReplicaCount?: number;
    readonly pollingInterval?: number;
    readonly triggers?: readonly { readonly metadata?: { readonly serverAddress?: string } }[];
  };
}

/** The Service of the Prometheus that KEDA asks: an adopted cluster has it in another namespace. */
export function prometheusOf(scaledObjects: readonly ScaledObject[]) {
  const addresses = scaledObjects
    .flatMap(({ spec }) => spec?.triggers ?? [])
    .map(({ metadata }) => metadata?.serverAddress);
  const [, service, namespace, port] =
    /^http:\/\/([^.]+)\.([^.]+)\.svc[^:]*:(\d+)/.exec(addresses.find(Boolean) ?? "") ?? [];
  return service === undefined ? undefined : { service, namespace, port };
}

export interface KubeEvent extends Named {
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
  readonly reason?: string;
  readonly message?: string;
  readonly type?: string;
  readonly reportingComponent?: string;
  readonly source?: { readonly component?: string };
  readonly eventTime?: string | null;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly series?: { readonly lastObservedTime?: string };
}

/** Of Karpenter. */
export interface NodeClaim extends Conditioned {
  readonly status?: {
    readonly nodeName?: string;
    readonly providerID?: string;
    readonly conditions?: readonly Condition[];
  };
}

/** Of Karpenter. */
export interface NodePool extends Conditioned {
  readonly spec?: {
    readonly weight?: number;
    readonly limits?: Readonly<Record<string, string>>;
    readonly template?: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
      readonly spec?: {
        readonly nodeClassRef?: { readonly name?: string };
        readonly requirements?: readonly SelectorTerm[];
      };
    };
  };
  readonly status?: {
    readonly resources?: Readonly<Record<string, string>>;
    readonly conditions?: readonly Condition[];
  };
}

export type NodeClass = Conditioned;

export interface KubeNode extends Named {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

export const conditionOf = (object: Conditioned | undefined, type: string): Condition | undefined =>
  object?.status?.conditions?.find((one) => one.type === type);

export const isTrue = (object: Conditioned | undefined, type: string): boolean =>
  conditionOf(object, type)?.status === "True";

export const nameOf = (object: Named | undefined): string => object?.metadata?.name ?? "";

/** Milliseconds since 1970; 0 where there is no time. */
export const timeOf = (time: string | null | undefined): number => (time ? Date.parse(time) : 0);

/** When an event was last seen: the two event APIs fill different fields. */
export const seenAt = (event: KubeEvent): number =>
  timeOf(
    event.series?.lastObservedTime ??
      event.lastTimestamp ??
      event.eventTime ??
      event.firstTimestamp ??
      event.metadata?.creationTimestamp,
  );

export const GPU_RESOURCE = "nvidia.com/gpu";
