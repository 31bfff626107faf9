import type { Cluster } from "./cluster";
import { STAGE_ADDRESS } from "./network";

/** A Service whose only endpoint is a program of the stage itself, where a chart would have pods. */
export async function leadTo(
  cluster: Cluster,
  { namespace, name, port, targetPort }: { namespace: string; name: string; port: number; targetPort: number },
): Promise<void> {
  await cluster.create(`/api/v1/namespaces/${namespace}/services`, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { ports: [{ name: "http", port, targetPort }] },
  });
  await cluster.create(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-stage`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: targetPort, protocol: "TCP" }],
    endpoints: [{ addresses: [STAGE_ADDRESS], conditions: { ready: true } }],
  });
}
