import { describe, expect, test } from "vitest";
import { kedaValues, prometheusValues } from "../../components/autoscaling-values";
import { gpuOperatorValues } from "../../components/gpu-driver";
import { karpenterValues } from "../../components/karpenter";
import { loadBalancerValues } from "../../components/load-balancer-controller";
import { ModelCopy } from "../../components/model-copy";
import { ModelStore } from "../../components/model-store";
import { SYSTEM_NODES } from "../../components/scheduling";
import { type PodSize, SYSTEM_PODS, systemPods } from "../../planner/system-nodes";
import { gatewayBase, postgres } from "../charts/gateway-values";
import { helmTemplate, type KubernetesObject, merge } from "../charts/helm";
import { modelServerBase } from "../charts/model-server-values";
import { containersOf, type Pod, podsOf } from "../charts/pods";
import { register } from "../harness";

/*
 * planner/system-nodes.ts reckons with the requests of every pod on the system nodes; here they are held against what
 * charts and components really ask for.
 */

const UNITS: Readonly<Record<string, number>> = { Mi: 1, Gi: 1024 };

function sizeOf(requests: Readonly<Record<string, string>> | undefined): PodSize {
  const cpu = /^(\d+)m$/.exec(requests?.cpu ?? "");
  const memory = /^(\d+)(Mi|Gi)$/.exec(requests?.memory ?? "");
  if (cpu === null || memory === null) throw new Error(`${JSON.stringify(requests)} is not in millicores and Mi or Gi`);
  return { cpuMillis: Number(cpu[1]), memoryMib: Number(memory[1]) * (UNITS[memory[2] ?? ""] ?? Number.NaN) };
}

const podSize = ({ spec }: Pod): PodSize =>
  containersOf(spec)
    .map(({ resources }) => sizeOf(resources?.requests))
    .reduce((sum, one) => ({ cpuMillis: sum.cpuMillis + one.cpuMillis, memoryMib: sum.memoryMib + one.memoryMib }));

const onSystemNodes = ({ spec }: Pod) =>
  spec.nodeSelector?.["pilotlight.dev/role"] === SYSTEM_NODES["pilotlight.dev/role"];

/** Owner and size of each pod that a chart of ours puts on the system nodes. */
const rendered = (objects: KubernetesObject[]) =>
  podsOf(objects)
    .filter(onSystemNodes)
    .map((pod) => [pod.owner.replace(/-[0-9a-f]{8}$/, ""), podSize(pod)]);

describe("requests of the pods on system nodes", () => {
  test("of charts/model-server: the router", () => {
    expect(rendered(helmTemplate("model-server", "qwen", modelServerBase))).toEqual([
      ["Deployment qwen-router", SYSTEM_PODS.router],
    ]);
  });

  test("of charts/gateway: the gateway, and with a database the Job for its keys", () => {
    expect(rendered(helmTemplate("gateway", "gateway", merge(gatewayBase, postgres)))).toEqual([
      ["Deployment gateway", SYSTEM_PODS.gateway],
      ["Job gateway-keys", SYSTEM_PODS.single["gateway-keys"]],
    ]);
  });

  test("of the Job that copies a model", async () => {
    const seen = await register(
      () =>
        new ModelCopy("model-copy", {
          clusterName: "kit",
          namespace: "inference",
          store: new ModelStore("models"),
          sources: [{ repository: "Qwen/Qwen3-8B", revision: "a".repeat(40) }],
        }),
    );
    const jobs = seen
      .filter(({ type }) => type === "kubernetes:batch/v1:Job")
      .map(({ inputs }) => ({ ...inputs, kind: "Job" }) as unknown as KubernetesObject);
    expect(podsOf(jobs).filter(onSystemNodes).map(podSize)).toEqual([SYSTEM_PODS.single["model-copy"]]);
  });

  test("of third-party charts, by the values that they are given", () => {
    const place = { clusterName: "kit", replicas: 2 };
    const keda = kedaValues({ replicas: 2, nodeSelector: SYSTEM_NODES }).resources;
    const prometheus = prometheusValues({ nodeSelector: SYSTEM_NODES });
    const gpu = gpuOperatorValues({ from: "ami" });
    const karpenter = karpenterValues({ ...place, clusterEndpoint: "https://c", queueName: "q" });
    const balancer = loadBalancerValues({ ...place, region: "us-east-1", vpcId: "vpc-1" });
    const { "gateway-keys": _keys, "model-copy": _copy, ...single } = SYSTEM_PODS.single;
    expect({
      "keda-metrics-server": sizeOf(keda.metricServer.requests),
      "keda-webhooks": sizeOf(keda.webhooks.requests),
      "kube-state-metrics": sizeOf(prometheus["kube-state-metrics"].resources.requests),
      "prometheus-operator": sizeOf(prometheus.prometheusOperator.resources.requests),
      prometheus: sizeOf(prometheus.prometheus.prometheusSpec.resources.requests),
      "gpu-operator": sizeOf(gpu.operator.resources.requests),
      "node-feature-discovery-master": sizeOf(gpu["node-feature-discovery"].master.resources.requests),
      "node-feature-discovery-gc": sizeOf(gpu["node-feature-discovery"].gc.resources.requests),
    }).toEqual(single);
    expect({
      karpenter: sizeOf(karpenter.controller.resources.requests),
      "keda-operator": sizeOf(keda.operator.requests),
      "load-balancer-controller": sizeOf(balancer.resources.requests),
    }).toEqual(SYSTEM_PODS.controllers);
  });

  test("each is reckoned as often as there may be one", () => {
    const count = (load: Parameters<typeof systemPods>[0], pod: PodSize) =>
      systemPods(load).filter((one) => one === pod).length;
    const small = { models: 3, gatewayReplicas: 1, controllerReplicas: 1 } as const;
    const large = { models: 3, gatewayReplicas: 20, controllerReplicas: 2 } as const;
    for (const [pod, few, many] of [
      [SYSTEM_PODS.gateway, 2, 21],
      [SYSTEM_PODS.router, 4, 4],
      [SYSTEM_PODS.controllers.karpenter, 1, 2],
      [SYSTEM_PODS.double.coredns, 2, 2],
      [SYSTEM_PODS.single["model-copy"], 1, 1],
    ] as const)
      expect([count(small, pod), count(large, pod)]).toEqual([few, many]);
  });
});
