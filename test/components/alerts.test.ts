import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Alerts } from "../../components/alerts";
import { alertmanagerConfig, mayPublishAlarms } from "../../components/alerts-delivery";
import { idleNodeSeconds, prometheusRuleSpec } from "../../components/alerts-rules";
import { ENGINES } from "../../components/engines";
import { GpuUse } from "../../components/gpu-use";
import { charts } from "../../components/versions";
import { find, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

/*
 * What the rules say of series is proved by Prometheus's own tool (test/rehearsal/alerts.test.ts); here, that the series exist
 * at the versions that are installed, and that the object comes to where it is read.
 */

const DATA = join(__dirname, "..", "data");
const read = (name: string) => readFileSync(join(DATA, name), "utf8");
/** Lines of a table, by column. */
const facts = (name: string) =>
  read(name)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("\t"));
const USE = {
  clusterName: "kit",
  namespace: "monitoring",
  prometheusUrl: "http://prometheus",
  stack: "kit",
  region: "us-east-1",
  after: [],
};
const ARGS = {
  namespace: "inference",
  longestHoldSeconds: 900,
  emptyForSeconds: [300],
  monitoringNamespace: "monitoring",
};
const rules = (args = ARGS) => prometheusRuleSpec(args).groups.flatMap((group) => group.rules);
const alerts = (args = ARGS) => rules(args).flatMap((rule) => ("alert" in rule ? [rule] : []));

/** Series of kube-state-metrics and their labels, as its documentation has them. */
const DOCUMENTED = new Map(
  facts("kube-state-metrics-2.20.0.txt").map(([series, labels]) => [series, labels?.split(" ") ?? []]),
);

describe("the series that rules read", () => {
  const text = rules()
    .map(({ expr }) => expr)
    .join("\n");

  test("of kube-state-metrics exist at its version, with the labels that they are chosen by", () => {
    const chosen = [...text.matchAll(/(kube_\w+)(?:\{([^}]*)\})?/g)];
    expect(new Set(chosen.map(([, series]) => series))).toEqual(new Set(DOCUMENTED.keys()));
    for (const [, series, matchers = ""] of chosen)
      for (const [, label] of matchers.matchAll(/(\w+)=~?"/g)) expect(DOCUMENTED.get(series), series).toContain(label);
  });

  test("of DCGM exporter exist at its version, and name the node by its label", () => {
    const known = new Map(facts("dcgm-exporter-4.6.0-4.8.3.txt").map(([series, label]) => [series, label]));
    const read = rules().filter(({ expr }) => expr.includes("DCGM_"));
    expect(new Set(read.flatMap(({ expr }) => expr.match(/DCGM_\w+/g) ?? []))).toEqual(new Set(known.keys()));
    for (const { expr } of read) expect(expr).toContain(`"node", "$1", "${known.get(expr.match(/DCGM_\w+/)?.[0])}"`);
    // The operator decides which exporter runs.
    expect(charts["gpu-operator"].version).toBe("v26.7.0");
  });

  test("of engines are the counters of every engine that there is", () => {
    for (const { tokenCounters } of Object.values(ENGINES))
      for (const counter of tokenCounters) expect(text).toContain(`increase(${counter}[5m])`);
  });

  test("of the publisher name the Deployment that it is, in its namespace", async () => {
    const seen = await register(() => new GpuUse("use", USE));
    const { metadata } = find(seen, "kubernetes:apps/v1:Deployment", "use").inputs as {
      metadata: { name: string; namespace: string };
    };
    const labels = `namespace="${metadata.namespace}", deployment="${metadata.name}"`;
    expect(text).toContain(`kube_deployment_status_replicas_available{${labels}}`);
  });

  test("of the endpoint picker exist at its version", () => {
    const picker = [...text.matchAll(/inference_\w+/g)].map(([series]) => series);
    expect(picker.length).toBe(2);
    for (const series of picker) expect(read("epp-metrics-1.5.0.txt")).toContain(series);
  });

  test("of the routers are those that KEDA's query reads", () => {
    const query = readFileSync(join(__dirname, "../../charts/model-server/templates/_router-config.tpl"), "utf8");
    expect(query).toContain('"job=\\"%s/%s-router\\"" .Release.Namespace .Release.Name');
    expect(text).toContain('inference_extension_flow_control_queue_size{job=~"inference/.+-router"}');
    for (const [series] of text.matchAll(/inference_\w+/g)) expect(query).toContain(series);
  });
});

describe("alarms", () => {
  test("each says what is wrong, and what to do or what follows, and is in the docs", () => {
    const docs = readFileSync(join(__dirname, "../../docs/alarms.md"), "utf8");
    expect(alerts().map(({ alert }) => alert)).toEqual([
      "GpuNodeIdle",
      "GpuUseUnpublished",
      "GpuPodPending",
      "EngineNotReady",
      "RequestsHeld",
      "RouterUnseen",
      "ClusterUnseen",
    ]);
    for (const { alert, annotations } of alerts()) {
      expect(docs).toContain(`\`${alert}\``);
      expect(annotations.summary.length).toBeLessThan(100);
      expect(annotations.description).toMatch(/\S{3} /);
    }
  });

  test("a node may be empty for 15 minutes, or as long as its pool keeps it and what its end takes", () => {
    expect([[], [60], [600], [601], [60, 3600]].map(idleNodeSeconds)).toEqual([900, 900, 900, 901, 3900]);
    const [idle] = alerts({ ...ARGS, emptyForSeconds: [3600, 60] });
    expect([idle?.alert, idle?.for]).toEqual(["GpuNodeIdle", "3900s"]);
    expect(idle?.annotations.summary).toContain("for 65 min");
  });

  test("nodes of others raise none, whatever is on them, and nobody is told of their use", () => {
    const names = alerts({ ...ARGS, emptyForSeconds: [] }).map(({ alert }) => alert);
    const ours = ["GpuNodeIdle", "GpuUseUnpublished"];
    expect(names).toEqual(alerts().flatMap(({ alert }) => (ours.includes(alert) ? [] : [alert])));
  });

  test("a silent publisher is looked for, and its log read, where it runs; what the guard then does is told", () => {
    const elsewhere = alerts({ ...ARGS, monitoringNamespace: "elsewhere" });
    const { expr, annotations } = elsewhere.find(({ alert }) => alert === "GpuUseUnpublished") ?? {};
    expect(expr).toContain('{namespace="elsewhere", deployment="gpu-use"}');
    expect(annotations?.description).toBe(
      "The spend guard is not told which GPUs are used and ends no idle node; with a lease (or spend.unseenNode) it ends, " +
        "after a notice, nodes of whose use nothing is known. Ask the pod: kubectl -n elsewhere logs deploy/gpu-use",
    );
  });

  test("waiting is one only past the longest hold, in whole seconds", () => {
    const waiting = alerts({ ...ARGS, longestHoldSeconds: 1200.4 }).filter(({ alert }) =>
      ["GpuPodPending", "EngineNotReady", "RequestsHeld"].includes(alert),
    );
    expect(waiting.map((rule) => rule.for)).toEqual(["1201s", "1201s", "1201s"]);
  });
});

describe("Alerts", () => {
  test("registers one PrometheusRule, beside Prometheus, after its CRD", async () => {
    const args = { ...ARGS, monitoringNamespace: "elsewhere" };
    const make = (after: Marker[] = []) =>
      new Alerts("alerts", { ...args, monitoringNamespace: pulumi.output("elsewhere"), after });
    const seen = await register(make);
    expect(names(seen)).toEqual([
      ["kubernetes:monitoring.coreos.com/v1:PrometheusRule", "alerts"],
      ["pilotlight:index:Alerts", "alerts"],
    ]);
    expect(find(seen, "kubernetes:monitoring.coreos.com/v1:PrometheusRule", "alerts").inputs).toMatchObject({
      metadata: { name: "pilotlight", namespace: "elsewhere" },
      spec: prometheusRuleSpec(args),
    });
    const order = await creationOrder(() => make([new Marker("chart")]));
    expect(order.waits("PrometheusRule alerts", "Marker chart")).toBe(true);
  });
});

test("the CRD's schema takes the PrometheusRule", async () => {
  // An ES module, which a CommonJS file can only import this way.
  const { PrometheusRule } = await import(
    "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule"
  );
  const metadata = { name: "pilotlight" };
  new PrometheusRule({ metadata, spec: prometheusRuleSpec(ARGS) }).validate();
  const rule = { ...rules()[0], for: "soon" };
  const wrong = { groups: [{ name: "pilotlight", rules: [rule] }] };
  expect(() => new PrometheusRule({ metadata, spec: wrong } as never).validate()).toThrow("for");
});

describe("delivery", () => {
  test("a role may publish to the one topic, and use its key by way of SNS alone", () => {
    expect(mayPublishAlarms({ topicArn: "arn:topic", keyArn: "arn:key" }).Statement).toEqual([
      { Sid: "Publish", Effect: "Allow", Action: ["sns:Publish"], Resource: "arn:topic" },
      {
        Sid: "Encrypt",
        Effect: "Allow",
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: "arn:key",
        Condition: { StringLike: { "kms:ViaService": "sns.*.amazonaws.com*" } },
      },
    ]);
  });

  test("every list that the chart has in its own configuration is replaced: it names receivers that are not here", () => {
    const { route, ...config } = alertmanagerConfig({ topicArn: "arn:topic", region: "us-east-1" });
    expect(Object.keys(config).sort()).toEqual(["inhibit_rules", "receivers", "templates"]);
    expect(Object.keys(route).sort()).toEqual([
      "group_by",
      "group_interval",
      "group_wait",
      "receiver",
      "repeat_interval",
      "routes",
    ]);
    expect(config.receivers.map(({ name }) => name)).toEqual([route.receiver]);
  });
});
