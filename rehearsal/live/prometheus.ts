import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ControlPlane } from "../control-plane";
import { at, type Props, props } from "../doubles/aws/table";
import type { LiveTools } from "../equipment";
import type { Processes, Running } from "../processes";
import type { Cluster } from "./cluster";
import type { V1Secret } from "./kubernetes-types";
import { STAGE_ADDRESS } from "./network";
import { leadTo } from "./stage-service";
import { answers, eventually } from "./wait";

const NAMESPACE = "monitoring";
const NAME = "kube-prometheus-stack-prometheus";
const PORT = 9090;
const FOLLOW_MS = 1000;

export interface PrometheusArgs {
  readonly tools: Pick<LiveTools, "prometheus" | "prometheusOperator">;
  readonly cluster: Cluster;
  readonly server: ControlPlane;
  readonly dir: string;
  /** Values of kube-prometheus-stack, as the program gave them. */
  readonly values: Props;
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

/**
 * The Prometheus operator turns the PodMonitors of the charts into a configuration, as it does in a cluster, and
 * Prometheus runs with it, unchanged.
 */
export class Prometheus {
  private running: Running | undefined;
  private config: string | undefined;
  private follower: NodeJS.Timeout | undefined;
  private readonly home: string;

  constructor(private readonly args: PrometheusArgs) {
    this.home = join(args.dir, "prometheus");
  }

  /** The operator and the object that kube-prometheus-stack would make of the kit's values. */
  async install(): Promise<void> {
    const { tools, cluster, server, processes, signal } = this.args;
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.home, "token"), server.token, { mode: 0o600 });
    writeFileSync(join(this.home, "ca.crt"), Buffer.from(server.caData, "base64"));
    processes.start({
      name: "prometheus-operator",
      command: tools.prometheusOperator,
      args: ["--web.listen-address=127.0.0.1:8183"],
      env: { PATH: process.env.PATH ?? "", KUBECONFIG: server.kubeconfigPath },
    });
    await leadTo(cluster, { namespace: NAMESPACE, name: NAME, port: PORT, targetPort: PORT });
    await cluster.create(`/apis/monitoring.coreos.com/v1/namespaces/${NAMESPACE}/prometheuses`, {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "Prometheus",
      metadata: { name: "stage", namespace: NAMESPACE },
      spec: {
        // No pod: the stage runs the program itself, with what the operator has written for it.
        replicas: 0,
        ...specOf(this.args.values),
        apiserverConfig: {
          host: server.url,
          authorization: { credentialsFile: join(this.home, "token") },
          tlsConfig: { caFile: join(this.home, "ca.crt") },
        },
      },
    });
    await eventually("the Prometheus operator's configuration", () => this.read(), { signal });
  }

  private async read(): Promise<string | undefined> {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/prometheus-stage`;
    const data = (await this.args.cluster.get<V1Secret>(path))?.data?.["prometheus.yaml.gz"];
    return data && gunzipSync(Buffer.from(data, "base64")).toString();
  }

  async start(): Promise<void> {
    const { tools, processes, signal } = this.args;
    await this.follow();
    const running = processes.start({
      name: "prometheus",
      command: tools.prometheus,
      args: [
        `--config.file=${join(this.home, "prometheus.yaml")}`,
        `--storage.tsdb.path=${join(this.home, "data")}`,
        `--web.listen-address=${STAGE_ADDRESS}:${PORT}`,
        "--web.enable-lifecycle",
      ],
    });
    this.running = running;
    await running.ready(answers(`http://${STAGE_ADDRESS}:${PORT}/-/ready`), 60_000, signal);
    this.follower ??= setInterval(() => void this.follow().catch(() => undefined), FOLLOW_MS);
  }

  /** A changed configuration is put in place and read, as the reloader beside Prometheus does. */
  private async follow(): Promise<void> {
    const config = await this.read();
    if (config === undefined || config === this.config) return;
    this.config = config;
    // The operator leaves these to the reloader in Prometheus's pod.
    const filled = config.replaceAll("$(SHARD)", "0").replaceAll("$(POD_NAME)", "prometheus-stage-0");
    // And rules to its volumes; the kit has none.
    writeFileSync(join(this.home, "prometheus.yaml"), filled.replace(/^rule_files:\n(- .*\n)+/m, ""));
    if (this.running?.hasEnded === false) process.kill(this.running.pid, "SIGHUP");
  }

  /** Kills it; what it has stored stays. */
  async stop(): Promise<void> {
    this.running?.kill();
    await this.running?.ended;
  }

  close(): void {
    clearInterval(this.follower);
  }
}

const MONITORS = ["serviceMonitor", "podMonitor"] as const;

/**
 * What the chart makes of its values in the Prometheus object, as far as scraping goes.
 * Source: kube-prometheus-stack 88.5.3, templates/prometheus/prometheus.yaml: without `…NilUsesHelmValues: false` it selects
 * the monitors of its own release alone.
 */
export function specOf(values: Props): Record<string, unknown> {
  const spec = props(at(values, "prometheus.prometheusSpec"));
  const selectors = MONITORS.map((monitor) => {
    const every = spec[`${monitor}SelectorNilUsesHelmValues`] === false;
    return [`${monitor}Selector`, every ? {} : { matchLabels: { release: RELEASE.name } }] as const;
  });
  const namespaces = MONITORS.map((monitor) => [`${monitor}NamespaceSelector`, {}] as const);
  return {
    ...Object.fromEntries([...selectors, ...namespaces]),
    scrapeInterval: spec.scrapeInterval,
    evaluationInterval: spec.evaluationInterval,
  };
}

/** Named after the chart, as components/helm.ts does. */
export const RELEASE = { name: "kube-prometheus-stack", namespace: NAMESPACE } as const;
