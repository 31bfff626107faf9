/** What a kubeconfig for an EKS cluster is made of. */
export interface EksAccess {
  readonly clusterName: string;
  readonly region: string;
  /** URL of the API server. */
  readonly endpoint: string;
  /** The cluster's CA certificate, base64 of PEM. */
  readonly certificateAuthority: string;
}

/**
 * A kubeconfig (JSON, which is YAML) that asks the AWS CLI for a short-lived token: it holds no credential, so it works
 * for whoever has access to the cluster and for nobody else.
 */
export function kubeconfig({ clusterName, region, endpoint, certificateAuthority }: EksAccess): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": clusterName,
    clusters: [
      { name: clusterName, cluster: { server: endpoint, "certificate-authority-data": certificateAuthority } },
    ],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user: clusterName } }],
    users: [
      {
        name: clusterName,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "aws",
            args: ["eks", "get-token", "--cluster-name", clusterName, "--region", region, "--output", "json"],
            interactiveMode: "Never",
          },
        },
      },
    ],
  });
}
