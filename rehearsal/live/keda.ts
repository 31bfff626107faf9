import { at, type Props } from "../doubles/aws/table";
import type { LiveTools } from "../equipment";
import type { Processes, Running } from "../processes";
import type { Cluster } from "./cluster";
import { STAGE_ADDRESS } from "./network";
import { leadTo } from "./stage-service";
import { answers, eventually } from "./wait";

const NAMESPACE = "keda";
export const RELEASE = { name: "keda", namespace: NAMESPACE } as const;
const METRICS_SERVICE = "keda-operator-metrics-apiserver";
const OPERATOR_GRPC = `${STAGE_ADDRESS}:9666`;
const ADAPTER_PORT = 6443;

export interface KedaArgs {
  readonly tools: Pick<LiveTools, "keda" | "kedaAdapter">;
  readonly cluster: Cluster;
  readonly kubeconfigPath: string;
  /** Values of the KEDA chart, as the program gave them. */
  readonly values: Props;
  /** Folder with ca.crt, tls.crt and tls.key. */
  readonly certificates: string;
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

/** KEDA's two programs, and what its chart puts into the cluster for the HPA to find them. */
export class Keda {
  private running: Running[] = [];

  constructor(private readonly args: KedaArgs) {}

  /** Names under which the programs know each other; for their certificate. */
  static readonly NAMES = [`${METRICS_SERVICE}.${NAMESPACE}.svc`, `keda-operator.${NAMESPACE}.svc`, "localhost"];

  /** The Service and the API that the HPA asks; the chart's part of it cannot be had without its repository. */
  async install(): Promise<void> {
    const { cluster } = this.args;
    await leadTo(cluster, { namespace: NAMESPACE, name: METRICS_SERVICE, port: 443, targetPort: ADAPTER_PORT });
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const name = "keda-operator-external-metrics-reader";
    await cluster.create(`${rbac}/clusterroles`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: ["external.metrics.k8s.io"], resources: ["*"], verbs: ["*"] }],
    });
    await cluster.create(`${rbac}/clusterrolebindings`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name: "horizontal-pod-autoscaler", namespace: "kube-system" }],
    });
    await cluster.create("/apis/apiregistration.k8s.io/v1/apiservices", {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.external.metrics.k8s.io" },
      spec: {
        group: "external.metrics.k8s.io",
        version: "v1beta1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: METRICS_SERVICE, namespace: NAMESPACE, port: 443 },
      },
    });
  }

  async start(): Promise<void> {
    const { tools, kubeconfigPath, certificates, processes, signal } = this.args;
    const env = {
      PATH: process.env.PATH ?? "",
      KUBECONFIG: kubeconfigPath,
      POD_NAMESPACE: NAMESPACE,
      WATCH_NAMESPACE: "",
      // Outside a pod it does not know its own.
      KEDA_CLUSTER_OBJECT_NAMESPACE: NAMESPACE,
      // What the chart makes of `restrict.secret`: KEDA then watches no Secrets but its own namespace's.
      KEDA_RESTRICT_SECRET_ACCESS: String(at(this.args.values, "permissions.operator.restrict.secret") ?? false),
    };
    const operator = processes.start({
      name: "keda-operator",
      command: tools.keda,
      args: [
        ...["--cert-dir", certificates, "--leader-elect=false"],
        ...["--metrics-bind-address", "127.0.0.1:8180", "--health-probe-bind-address", "127.0.0.1:8181"],
        ...["--metrics-service-bind-address", OPERATOR_GRPC],
        // The APIService is the stage's own.
        "--enable-apiservice-patching=false",
        "--enable-webhook-patching=false",
      ],
      env,
    });
    const adapter = processes.start({
      name: "keda-adapter",
      command: tools.kedaAdapter,
      args: [
        ...["--secure-port", String(ADAPTER_PORT), "--bind-address", STAGE_ADDRESS, "--port", "8182"],
        ...["--client-ca-file", `${certificates}/ca.crt`],
        ...["--tls-cert-file", `${certificates}/tls.crt`, "--tls-private-key-file", `${certificates}/tls.key`],
        ...["--cert-dir", certificates, "--metrics-service-address", OPERATOR_GRPC],
        ...["--lister-kubeconfig", kubeconfigPath, "--authentication-kubeconfig", kubeconfigPath],
        ...["--authorization-kubeconfig", kubeconfigPath],
      ],
      env,
    });
    this.running = [operator, adapter];
    await operator.ready(answers("http://127.0.0.1:8181/readyz"), 120_000, signal);
    await eventually(
      "KEDA's metrics API",
      async () => {
        if (adapter.hasEnded) throw adapter.error("ended");
        const found = await this.args.cluster.get<{ kind: string }>("/apis/external.metrics.k8s.io/v1beta1");
        return found?.kind === "APIResourceList";
      },
      { signal },
    );
  }

  /** Kills both, as a node that is lost would. */
  async stop(): Promise<void> {
    for (const one of this.running.splice(0)) {
      one.kill();
      await one.ended;
    }
  }
}
