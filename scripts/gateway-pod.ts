import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { INFERENCE_NAMESPACE } from "../components/namespaces";

/** An ES module, which a CommonJS file can only import this way. */
export const kubernetesClient = () => import("@kubernetes/client-node");
type Client = Awaited<ReturnType<typeof kubernetesClient>>;
export type KubeConfig = InstanceType<Client["KubeConfig"]>;
type CoreV1Api = InstanceType<Client["CoreV1Api"]>;
export type Pod = Awaited<ReturnType<CoreV1Api["listNamespacedPod"]>>["items"][number];

const SELECTOR = "app.kubernetes.io/name=gateway";

const isReady = ({ status, metadata }: Pod) =>
  metadata?.deletionTimestamp === undefined &&
  status?.phase === "Running" &&
  (status.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True");

/**
 * Name of a gateway pod that is ready.
 * @throws Error that says what there is instead.
 */
export async function readyPod(pods: Pick<CoreV1Api, "listNamespacedPod">): Promise<string> {
  const { items } = await pods.listNamespacedPod({ namespace: INFERENCE_NAMESPACE, labelSelector: SELECTOR });
  const name = items.find(isReady)?.metadata?.name;
  if (name !== undefined) return name;
  const there = items.map(({ metadata, status }) => `${metadata?.name} is ${status?.phase ?? "unknown"}`);
  throw new Error(
    items.length === 0
      ? `there is no gateway pod in namespace ${INFERENCE_NAMESPACE}; is the stack up?`
      : `no gateway pod in namespace ${INFERENCE_NAMESPACE} is ready: ${there.join(", ")}`,
  );
}

/** The kubeconfig context of an adopted cluster, from the stack file. */
export function adoptedContext(stack: string, folder: string): string {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  const context = parse(readFileSync(file, "utf8"))?.config?.["pilotlight:cluster"]?.adopt?.context;
  if (typeof context !== "string")
    throw new Error(
      `stack ${stack} has no output kubeconfig and ${file} adopts no cluster; run: pulumi up --stack ${stack}`,
    );
  return context;
}
