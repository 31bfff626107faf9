import type { kubernetesClient } from "../../scripts/gateway-pod";

/*
 * The official client's types: it is an ES module, whose types a CommonJS file reaches by its values alone.
 */

type Client = Awaited<ReturnType<typeof kubernetesClient>>;

export type V1ConfigMap = InstanceType<Client["V1ConfigMap"]>;
export type V1Container = InstanceType<Client["V1Container"]>;
export type V1ContainerStatus = InstanceType<Client["V1ContainerStatus"]>;
export type V1Deployment = InstanceType<Client["V1Deployment"]>;
export type V1EndpointSlice = InstanceType<Client["V1EndpointSlice"]>;
export type V1Node = InstanceType<Client["V1Node"]>;
export type V1ObjectMeta = InstanceType<Client["V1ObjectMeta"]>;
export type V1Pod = InstanceType<Client["V1Pod"]>;
export type V1Probe = InstanceType<Client["V1Probe"]>;
export type V1Secret = InstanceType<Client["V1Secret"]>;
export type V1Service = InstanceType<Client["V1Service"]>;
export type V1Volume = InstanceType<Client["V1Volume"]>;
export type V1ServiceAccount = InstanceType<Client["V1ServiceAccount"]>;

/** What every object has. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: V1ObjectMeta;
}
