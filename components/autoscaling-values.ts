import { ALERTMANAGER_ACCOUNT, type AlertDelivery, alertmanagerConfig } from "./alerts-delivery";

/** Labels of the nodes that these pods run on; none where somebody else runs the nodes. */
type NodeSelector = Readonly<Record<string, string>>;

/** Values of the KEDA chart. Its own defaults are non-root, read-only and with resources. */
export function kedaValues({ replicas, nodeSelector }: { replicas: number; nodeSelector: NodeSelector }) {
  return {
    nodeSelector,
    operator: { replicaCount: replicas },
    // Only Deployments are scaled: no right to scale every kind there is, and none to read every Secret.
    rbac: { enabledCustomScaledRefKinds: false },
    permissions: { operator: { restrict: { secret: true } }, metricServer: { restrict: { secret: true } } },
    resources: {
      operator: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
      metricServer: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "256Mi" } },
      webhooks: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
    },
  };
}

const OFF = { enabled: false } as const;
/** Selectors of Prometheus: every monitor in the cluster, not those of this Helm release alone. */
const EVERY_NAMESPACE = {
  serviceMonitorSelectorNilUsesHelmValues: false,
  podMonitorSelectorNilUsesHelmValues: false,
  ruleSelectorNilUsesHelmValues: false,
  probeSelectorNilUsesHelmValues: false,
  scrapeConfigSelectorNilUsesHelmValues: false,
};

/**
 * Values of kube-prometheus-stack: the operator, one Prometheus and kube-state-metrics.
 * It keeps two days in the pod's own storage: KEDA needs minutes, and what an account keeps for longer belongs in its own
 * long-term store. A new pod starts empty, and KEDA waits for the first scrape rather than read 0.
 * @param delivery where alarms go; left out: they are to be seen in Prometheus alone, and no Alertmanager runs.
 */
export function prometheusValues({ nodeSelector, delivery }: { nodeSelector: NodeSelector; delivery?: AlertDelivery }) {
  return {
    // A fixed name, so that the service's address is known.
    fullnameOverride: "kube-prometheus-stack",
    alertmanager: delivery === undefined ? OFF : alertmanagerValues(nodeSelector, delivery),
    grafana: OFF,
    nodeExporter: OFF,
    defaultRules: { create: false },
    // EKS runs these three out of reach; the others are many series that nothing here reads.
    kubeControllerManager: OFF,
    kubeScheduler: OFF,
    kubeEtcd: OFF,
    kubeProxy: OFF,
    kubeApiServer: OFF,
    coreDns: OFF,
    kubelet: OFF,
    "kube-state-metrics": {
      nodeSelector,
      // To count Secrets it would have to read every one of them, cluster-wide.
      collectorsExclude: ["secrets", "configmaps"],
      resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    },
    prometheusOperator: {
      nodeSelector,
      // The webhook only checks alert rules, which are off, and would add two Jobs to every upgrade.
      admissionWebhooks: OFF,
      tls: OFF,
      // The operator makes this Service in kube-system by itself, and no uninstall takes it away.
      kubeletService: OFF,
      resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "256Mi" } },
    },
    prometheus: {
      prometheusSpec: {
        ...EVERY_NAMESPACE,
        nodeSelector,
        scrapeInterval: "15s",
        evaluationInterval: "30s",
        retention: "2d",
        retentionSize: "4GB",
        ...(delivery === undefined ? {} : { externalLabels: { stack: delivery.stack } }),
        resources: { requests: { cpu: "200m", memory: "768Mi" }, limits: { memory: "2Gi" } },
      },
    },
  };
}

/** One Alertmanager without a disk: a new pod says again what is still wrong. */
export function alertmanagerValues(nodeSelector: NodeSelector, delivery: AlertDelivery) {
  return {
    enabled: true,
    serviceAccount: { name: ALERTMANAGER_ACCOUNT },
    config: alertmanagerConfig(delivery),
    alertmanagerSpec: {
      nodeSelector,
      resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "128Mi" } },
    },
  };
}
