import { expect, test } from "vitest";
import { gatewayBase } from "./gateway-values";
import { helmTemplate, merge, type Values } from "./helm";
import { modelServerBase } from "./model-server-values";
import { mayConnect, type Peer } from "./network-policies";
import { podsOf } from "./pods";

const HOME = "inference";
const server = (release: string, change: Values = {}) =>
  helmTemplate("model-server", release, merge(modelServerBase, change));
const objects = [...server("qwen"), ...server("llama"), ...helmTemplate("gateway", "gateway", gatewayBase)];

const labelsOf = (owner: string) => {
  const pod = podsOf(objects).find((each) => each.owner === `Deployment ${owner}`);
  if (pod === undefined) throw new Error(`no Deployment ${owner}`);
  return pod.labels;
};
const inside = (owner: string): Peer => ({ namespace: HOME, labels: labelsOf(owner) });

/** What the Prometheus operator 0.93 sets on its pods, whatever else they carry (`makeSelectorLabels`). */
const PROMETHEUS = {
  "app.kubernetes.io/managed-by": "prometheus-operator",
  "app.kubernetes.io/name": "prometheus",
  "app.kubernetes.io/instance": "kube-prometheus-stack-prometheus",
};

const PEERS = {
  gateway: inside("gateway"),
  "the model's router": inside("qwen-router"),
  "the model's engine": inside("qwen"),
  "another model's router": inside("llama-router"),
  "another model's engine": inside("llama"),
  Prometheus: { namespace: "monitoring", labels: PROMETHEUS },
  "another pod of Prometheus's namespace": {
    namespace: "monitoring",
    labels: { "app.kubernetes.io/name": "kube-state-metrics" },
  },
  "a pod without labels in Prometheus's namespace": { namespace: "monitoring" },
  "a Prometheus beside the models": { namespace: HOME, labels: PROMETHEUS },
  "a Prometheus of another namespace": { namespace: "team-b", labels: PROMETHEUS },
  "any pod beside the models": { namespace: HOME, labels: { app: "notebook" } },
  "a gateway of another namespace": { namespace: "team-b", labels: labelsOf("gateway") },
  "a router of another namespace": { namespace: "team-b", labels: labelsOf("qwen-router") },
  "the load balancer": {},
} satisfies Record<string, Peer>;

/** Who reaches the port, by name. */
const reach = (owner: string, port: number, among = objects) =>
  Object.entries(PEERS)
    .filter(([, peer]) => mayConnect(among, HOME, peer, labelsOf(owner), port))
    .map(([name]) => name);

test("an engine is reached by its own router and by Prometheus, on its port alone; by no other pod that monitors", () => {
  expect(reach("qwen", 8000)).toEqual(["the model's router", "Prometheus"]);
  expect(reach("qwen", 22)).toEqual([]);
});

test("requests enter a router from the gateway alone; its metrics are Prometheus's", () => {
  expect(reach("qwen-router", 8081)).toEqual(["gateway"]);
  expect(reach("qwen-router", 9090)).toEqual(["Prometheus"]);
});

test.each([9001, 9002, 9003, 9901])("nobody reaches the router's inner port %i", (port) => {
  expect(reach("qwen-router", port)).toEqual([]);
});

test("the gateway's one port is open, since the load balancer is no pod; no other is", () => {
  expect(reach("gateway", 4000)).toEqual(Object.keys(PEERS));
  for (const port of [22, 80, 8000, 8081, 9090]) expect(reach("gateway", port)).toEqual([]);
});

test("Prometheus may be in another namespace", () => {
  const moved = [...server("qwen", { monitoringNamespace: "team-b" })];
  expect(reach("qwen", 8000, moved)).toEqual(["the model's router", "a Prometheus of another namespace"]);
  expect(reach("qwen-router", 9090, moved)).toEqual(["a Prometheus of another namespace"]);
});

test("a pod without a policy would be open to all", () => {
  expect(mayConnect([], HOME, {}, labelsOf("qwen"), 22)).toBe(true);
});
