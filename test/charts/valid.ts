import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Job } from "kubernetes-models/batch/v1/Job";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { Role } from "kubernetes-models/rbac.authorization.k8s.io/v1/Role";
import { RoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import type { KubernetesObject } from "./helm";

type Model = new (data: never) => { validate(): void };

/** The API's own schemas. InferencePool has no such package; the rehearsal's API server checks it against its CRD. */
const MODELS: Readonly<Record<string, Model>> = {
  "apps/v1 Deployment": Deployment,
  "batch/v1 Job": Job,
  "keda.sh/v1alpha1 ScaledObject": ScaledObject,
  "networking.k8s.io/v1 NetworkPolicy": NetworkPolicy,
  "policy/v1 PodDisruptionBudget": PodDisruptionBudget,
  "rbac.authorization.k8s.io/v1 Role": Role,
  "rbac.authorization.k8s.io/v1 RoleBinding": RoleBinding,
  "v1 ConfigMap": ConfigMap,
  "v1 Service": Service,
  "v1 ServiceAccount": ServiceAccount,
};

/** Names of the objects whose kind has no schema; throws on the first object that its schema refuses. */
export async function validate(objects: readonly KubernetesObject[]): Promise<string[]> {
  // An ES module, which a CommonJS file can only import this way.
  const { PodMonitor } = await import("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor");
  const unknown: string[] = [];
  for (const object of objects) {
    const model = object.kind === "PodMonitor" ? PodMonitor : MODELS[`${object.apiVersion} ${object.kind}`];
    if (model === undefined) unknown.push(`${object.kind} ${object.metadata.name}`);
    else new model(object as never).validate();
  }
  return unknown;
}
