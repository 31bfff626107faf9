import { accessOf, type Deployment } from "./destroy-state";
import { kubernetesClient } from "./gateway-pod";
import { ClusterUnreachable, clusterReader, NotRead } from "./why-cluster";

/*
 * Whether a cluster answers, by the way that Pulumi itself takes.
 */

export type Answer =
  | { readonly kind: "ready" }
  /** It answers, but whoever asks may not go on. */
  | { readonly kind: "denied"; readonly why: string }
  | { readonly kind: "silent"; readonly why: string };

/** Milliseconds until a cluster counts as silent. */
const PATIENCE_MS = 10_000;
/** HTTP status codes that say who may not: the cluster is there. */
const DENIED = [401, 403];

/** @param deployment with its secrets: the kubeconfig is one. */
export async function probe(deployment: Deployment, patienceMs = PATIENCE_MS): Promise<Answer> {
  const { kubeconfig, context } = accessOf(deployment);
  const config = new (await kubernetesClient()).KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromString(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const late = `no answer within ${patienceMs / 1000} s`;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "silent", why: late }), patienceMs);
  });
  const asked = clusterReader(config)
    .text("/readyz")
    .then((): Answer => ({ kind: "ready" }), answerOf);
  try {
    return await Promise.race([asked, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a failed question says of the cluster. A token that cannot be had says nothing of it, so it is no silence. */
function answerOf(error: unknown): Answer {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof NotRead) return { kind: DENIED.includes(error.status) ? "denied" : "silent", why };
  return { kind: error instanceof ClusterUnreachable ? "silent" : "denied", why };
}
