import { describe, expect, test } from "vitest";
import { mayPublishAlarms } from "../../components/alerts-delivery";
import { Autoscaling } from "../../components/autoscaling";
import { kedaValues, prometheusValues } from "../../components/autoscaling-values";
import { find, known, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

const nodeSelector = { "pilotlight.dev/role": "system" };
const make = (after: Marker[] = []) => new Autoscaling("scale", { replicas: 2, nodeSelector, after });

describe("Autoscaling", () => {
  test("registers KEDA and Prometheus, each in a restricted namespace of its own", async () => {
    const seen = await register(make);
    expect(names(seen)).toEqual([
      ["kubernetes:core/v1:Namespace", "scale-keda"],
      ["kubernetes:core/v1:Namespace", "scale-monitoring"],
      ["kubernetes:helm.sh/v3:Release", "scale-keda"],
      ["kubernetes:helm.sh/v3:Release", "scale-prometheus"],
      ["pilotlight:index:Autoscaling", "scale"],
    ]);
    for (const namespace of ["keda", "monitoring"])
      expect(find(seen, "kubernetes:core/v1:Namespace", `scale-${namespace}`).inputs.metadata).toEqual({
        name: namespace,
        labels: { "pod-security.kubernetes.io/enforce": "restricted" },
      });
    expect(find(seen, "kubernetes:helm.sh/v3:Release", "scale-keda").inputs).toMatchObject({
      chart: "keda",
      namespace: "keda",
      values: { operator: { replicaCount: 2 } },
    });
    expect(find(seen, "kubernetes:helm.sh/v3:Release", "scale-prometheus").inputs).toMatchObject({
      chart: "kube-prometheus-stack",
      namespace: "monitoring",
      // CRDs included: other charts have ServiceMonitors.
      skipCrds: false,
    });
  });

  test("on a cluster of others its namespaces have a prefix, and the address and the scraping namespace follow", async () => {
    const adopted = () =>
      new Autoscaling("scale", { replicas: 1, nodeSelector: {}, namespacePrefix: "pilotlight-", after: [] });
    const seen = await register(adopted);
    for (const [role, release] of [
      ["keda", "scale-keda"],
      ["monitoring", "scale-prometheus"],
    ] as const) {
      const { inputs } = find(seen, "kubernetes:core/v1:Namespace", `scale-${role}`);
      expect(inputs.metadata).toMatchObject({ name: `pilotlight-${role}` });
      expect(find(seen, "kubernetes:helm.sh/v3:Release", release).inputs.namespace).toBe(`pilotlight-${role}`);
    }
    expect(await known(() => adopted().prometheusUrl)).toBe(
      "http://kube-prometheus-stack-prometheus.pilotlight-monitoring.svc:9090",
    );
    expect(await known(() => adopted().monitoringNamespace)).toBe("pilotlight-monitoring");
  });

  test("with a topic for alarms, Alertmanager gets a role that may publish there, before it starts", async () => {
    const alerts = {
      stack: "pilotlight-dev",
      clusterName: "kit",
      region: "us-east-1",
      topicArn: "arn:topic",
      keyArn: "arn:key",
    };
    const telling = () => new Autoscaling("scale", { replicas: 2, nodeSelector, alerts, after: [] });
    const seen = await register(telling);
    const { inputs } = find(seen, "kubernetes:helm.sh/v3:Release", "scale-prometheus");
    expect(inputs.values).toEqual(prometheusValues({ nodeSelector, delivery: alerts }));
    const association = find(seen, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "scale-alerts").inputs;
    expect(association).toMatchObject({ clusterName: "kit", namespace: "monitoring", serviceAccount: "alertmanager" });
    expect(inputs.values).toMatchObject({ alertmanager: { serviceAccount: { name: association.serviceAccount } } });
    const policy = find(seen, "aws:iam/rolePolicy:RolePolicy", "scale-alerts-publish").inputs.policy;
    expect(JSON.parse(String(policy))).toEqual(mayPublishAlarms({ topicArn: "arn:topic", keyArn: "arn:key" }));
    const order = await creationOrder(telling);
    expect(order.waits("Release scale-prometheus", "PodIdentityAssociation scale-alerts")).toBe(true);
  });

  test("its address is that of the chart's Service under the fixed name", async () => {
    expect(await known(() => make().prometheusUrl)).toBe(
      `http://${prometheusValues({ nodeSelector }).fullnameOverride}-prometheus.monitoring.svc:9090`,
    );
  });

  test("what has a ScaledObject or a ServiceMonitor comes after both, and both after the nodes", async () => {
    const order = await creationOrder(() => {
      const nodes = new Marker("nodes");
      new Marker("model", make([nodes]).ready);
    });
    for (const release of ["Release scale-keda", "Release scale-prometheus"]) {
      expect(order.waits("Marker model", release), release).toBe(true);
      expect(order.waits(release, "Marker nodes"), release).toBe(true);
    }
    expect(order.waits("Release scale-keda", "Namespace scale-keda")).toBe(true);
    expect(order.waits("Release scale-prometheus", "Namespace scale-monitoring")).toBe(true);
  });
});

describe("the charts' values", () => {
  test("KEDA scales Deployments alone, and reads no Secret outside its namespace", () => {
    expect(kedaValues({ replicas: 2, nodeSelector })).toMatchObject({
      nodeSelector,
      rbac: { enabledCustomScaledRefKinds: false },
      permissions: { operator: { restrict: { secret: true } }, metricServer: { restrict: { secret: true } } },
    });
  });

  test("Prometheus finds the monitors of every namespace and scrapes as often as KEDA asks", () => {
    const { prometheusSpec } = prometheusValues({ nodeSelector }).prometheus;
    expect(Object.entries(prometheusSpec).filter(([key]) => key.endsWith("NilUsesHelmValues"))).toEqual([
      ["serviceMonitorSelectorNilUsesHelmValues", false],
      ["podMonitorSelectorNilUsesHelmValues", false],
      ["ruleSelectorNilUsesHelmValues", false],
      ["probeSelectorNilUsesHelmValues", false],
      ["scrapeConfigSelectorNilUsesHelmValues", false],
    ]);
    expect(prometheusSpec).toMatchObject({ scrapeInterval: "15s", retention: "2d", retentionSize: "4GB" });
  });

  test("no pod that a restricted namespace refuses: the host's exporter and the webhook's Jobs are off", () => {
    expect(prometheusValues({ nodeSelector })).toMatchObject({
      nodeExporter: { enabled: false },
      prometheusOperator: { admissionWebhooks: { enabled: false }, tls: { enabled: false } },
      grafana: { enabled: false },
      alertmanager: { enabled: false },
    });
  });

  test("Alertmanager runs where somebody is to be told, and every alarm then names its stack", () => {
    const delivery = { stack: "pilotlight-dev", topicArn: "arn:topic", region: "eu-central-1" };
    const values = prometheusValues({ nodeSelector, delivery });
    expect(values.alertmanager).toMatchObject({
      enabled: true,
      config: {
        receivers: [{ sns_configs: [{ topic_arn: "arn:topic", sigv4: { region: "eu-central-1" } }] }],
      },
      alertmanagerSpec: { nodeSelector, resources: { limits: { memory: "128Mi" } } },
    });
    expect(values.prometheus.prometheusSpec).toMatchObject({ externalLabels: { stack: "pilotlight-dev" } });
    expect(prometheusValues({ nodeSelector }).prometheus.prometheusSpec).not.toHaveProperty("externalLabels");
  });

  test("every pod has a memory limit, and runs where it is told, be it anywhere", () => {
    for (const selector of [nodeSelector, {}]) {
      const prometheus = prometheusValues({ nodeSelector: selector });
      const pods = [
        prometheus["kube-state-metrics"],
        prometheus.prometheusOperator,
        prometheus.prometheus.prometheusSpec,
      ];
      for (const pod of pods) {
        expect(pod.nodeSelector).toEqual(selector);
        expect(pod.resources.limits.memory).toMatch(/^\d+(Mi|Gi)$/);
      }
      const keda = kedaValues({ replicas: 1, nodeSelector: selector });
      expect(keda.nodeSelector).toEqual(selector);
      for (const { limits } of Object.values(keda.resources)) expect(limits.memory).toMatch(/^\d+Mi$/);
    }
  });
});
