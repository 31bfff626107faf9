import type { KubernetesObject } from "./helm";

/*
 * What tests of every pod need to know of a pod, whoever's it is.
 */

export interface Probe {
  httpGet?: { path: string; port: string | number; host?: string };
  grpc?: { port: number; service?: string };
  tcpSocket?: { host?: string };
  [field: string]: unknown;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: Record<string, unknown> }[];
  ports?: { name?: string; containerPort: number; hostPort?: number }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  restartPolicy?: string;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  nodeSelector?: Record<string, string>;
  securityContext?: Record<string, unknown>;
  volumes?: { name: string; [source: string]: unknown }[];
  [field: string]: unknown;
}

/** A pod as its Deployment or Job would make it. */
export interface Pod {
  /** For example `Deployment qwen`. */
  owner: string;
  labels: Record<string, string>;
  spec: PodSpec;
}

interface Workload {
  spec: { template: { metadata: { labels: Record<string, string> }; spec: PodSpec } };
}

/** The pods of all Deployments and Jobs. A kind with pods that is unknown here would go unchecked, so it throws. */
export function podsOf(objects: readonly KubernetesObject[]): Pod[] {
  return objects.flatMap((object) => {
    if (!["Deployment", "Job"].includes(object.kind)) {
      if (/^(Pod|DaemonSet|StatefulSet|ReplicaSet|CronJob)$/.test(object.kind))
        throw new Error(`${object.kind} ${object.metadata.name}: podsOf knows Deployments and Jobs`);
      return [];
    }
    const { template } = (object as unknown as Workload).spec;
    return [{ owner: `${object.kind} ${object.metadata.name}`, labels: template.metadata.labels, spec: template.spec }];
  });
}

export const containersOf = (spec: PodSpec): Container[] => [...(spec.initContainers ?? []), ...spec.containers];

/** The container of that name, or a failure that lists what there is. */
export function containerOf(spec: PodSpec, name: string): Container {
  const found = containersOf(spec).find((container) => container.name === name);
  if (found === undefined) throw new Error(`no container ${name} among ${containersOf(spec).map((each) => each.name)}`);
  return found;
}

/** Whether a label selector without expressions picks these labels. An empty one picks everything. */
export const selects = (matchLabels: Record<string, string> | undefined, labels: Record<string, string>): boolean =>
  Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value);
