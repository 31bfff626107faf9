import { describe, expect, test } from "vitest";
import { gatewayBase, postgres } from "./gateway-values";
import { helmTemplate, type KubernetesObject, merge, type Values } from "./helm";
import { hold, modelServerBase } from "./model-server-values";
import { containerOf, containersOf, podsOf, selects } from "./pods";
import { restrictedFaults } from "./restricted";

const everything: Values = {
  gpus: 8,
  compileCache: { uri: "s3://weights/compile-cache" },
  hubTokenSecret: "hugging-face",
};
const adopted: Values = {
  placement: { pools: [], nodeSelector: { "example.com/gpu": "l4" } },
  router: { nodeSelector: undefined },
};

const server = (change: Values = {}, release = "qwen") =>
  helmTemplate("model-server", release, merge(modelServerBase, change));
const gateway = (change: Values = {}) => helmTemplate("gateway", "gateway", merge(gatewayBase, change));

/** Two models and a gateway as they share one namespace, each object once. */
const namespace = [...server(everything), ...server({}, "llama"), ...gateway(postgres)];
/** The variants that change a pod, by name. */
const renders: Record<string, KubernetesObject[]> = {
  "model-server": server(),
  "model-server with every option": server(everything),
  "model-server on an adopted cluster": server(adopted),
  "gateway without a database": gateway(),
  "gateway with one": gateway(postgres),
};

describe.each(Object.entries(renders))("each pod of the %s", (_, objects) => {
  const pods = podsOf(objects);

  test("is let into a namespace that enforces `restricted`", () => {
    expect(pods.flatMap(({ owner, spec }) => restrictedFaults(spec).map((fault) => `${owner}: ${fault}`))).toEqual([]);
  });

  test("writes to volumes alone, and mounts only what it has", () => {
    for (const { spec } of pods) {
      const volumes = new Set(spec.volumes?.map(({ name }) => name));
      for (const container of containersOf(spec)) {
        expect(container.securityContext?.readOnlyRootFilesystem).toBe(true);
        for (const mount of container.volumeMounts ?? []) expect([...volumes]).toContain(mount.name);
      }
      const mounted = containersOf(spec).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      expect([...new Set(mounted)].sort()).toEqual([...volumes].sort());
    }
  });

  test("mounts ConfigMaps of the same release", () => {
    const maps = objects.filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name);
    const used = pods.flatMap(({ spec }) => (spec.volumes ?? []).flatMap((volume) => volume.configMap ?? []));
    for (const { name } of used as { name: string }[]) expect(maps).toContain(name);
    expect(used.length).toBeGreaterThan(0);
  });

  test("asks for CPU and memory, and has a limit of memory that is no lower", () => {
    for (const { owner, spec } of pods)
      for (const { name, resources } of containersOf(spec)) {
        const { requests = {}, limits = {} } = resources ?? {};
        expect(Object.keys(requests), `${owner} ${name}`).toEqual(expect.arrayContaining(["cpu", "memory"]));
        expect(mib(limits.memory), `${owner} ${name}`).toBeGreaterThanOrEqual(mib(requests.memory));
        // A limit of CPU throttles what could use an idle core.
        expect(limits).not.toHaveProperty("cpu");
      }
  });

  test("has a token of the API only as the router", () => {
    const withToken = pods.filter(({ spec }) => spec.automountServiceAccountToken !== false);
    expect(withToken.map(({ owner }) => owner)).toEqual(
      pods.map(({ owner }) => owner).filter((owner) => owner.endsWith("-router")),
    );
    const accounts = objects.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata.name);
    for (const { spec } of pods) expect(accounts).toContain(spec.serviceAccountName);
  });
});

test("on an adopted cluster no pod asks for a node of the kit", () => {
  const objects = [...(renders["model-server on an adopted cluster"] ?? []), ...gateway({ nodeSelector: undefined })];
  expect(objects.length).toBeGreaterThan(15);
  expect(JSON.stringify(podsOf(objects))).not.toMatch(/pilotlight\.dev\/(role|pool)/);
});

describe("the time to end in", () => {
  const grace = (objects: KubernetesObject[], owner: string) => {
    const pod = podsOf(objects).find((each) => each.owner === owner);
    if (pod === undefined) throw new Error(`no ${owner}`);
    const preStop = containersOf(pod.spec).map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0);
    return { preStop, total: pod.spec.terminationGracePeriodSeconds };
  };

  test("covers the engine's drain", () => {
    expect(grace(server(), "Deployment qwen")).toEqual({
      preStop: [hold.preStopSeconds],
      total: hold.preStopSeconds + hold.shutdownTimeoutSeconds + 15,
    });
  });

  test("covers the longest answer that the router carries, in both of its containers", () => {
    const answer = hold.shutdownTimeoutSeconds;
    expect(grace(server(), "Deployment qwen-router")).toEqual({ preStop: [answer, answer], total: answer + 15 });
  });

  test("covers the longest request of any model in the gateway", () => {
    expect(grace(gateway(), "Deployment gateway")).toEqual({ preStop: [15], total: 15 + 1500 + 15 });
  });
});

test("/dev/shm is memory of the replica: beside it there is room for the engine", () => {
  const [pod] = podsOf(server({ resources: { memory: "28000Mi", sharedMemory: "8Gi" } }));
  expect(pod?.owner).toBe("Deployment qwen");
  const shm = pod?.spec.volumes?.find(({ name }) => name === "shm")?.emptyDir as { sizeLimit: string };
  const engine = pod && containerOf(pod.spec, "engine");
  expect([mib(shm.sizeLimit), mib(engine?.resources?.limits?.memory)]).toEqual([8192, 28000]);
});

describe("selectors", () => {
  const pods = podsOf(namespace);
  const owners = (matchLabels: Record<string, string>) =>
    pods.filter(({ labels }) => selects(matchLabels, labels)).map(({ owner }) => owner);
  interface Selecting {
    spec: { selector?: { matchLabels: Record<string, string> }; podSelector?: { matchLabels: Record<string, string> } };
  }
  const picked = Object.fromEntries(
    namespace.flatMap((object) => {
      const { selector, podSelector } = (object as unknown as Selecting).spec ?? {};
      // A Service has the labels themselves.
      const labels = selector?.matchLabels ?? podSelector?.matchLabels ?? selector;
      return labels === undefined ? [] : [[`${object.kind} ${object.metadata.name}`, owners(labels as never)]];
    }),
  );

  test("each picks the pods of one owner, in a namespace with two models", () => {
    const ofModel = (name: string) => ({
      [`Deployment ${name}`]: [`Deployment ${name}`],
      [`Deployment ${name}-router`]: [`Deployment ${name}-router`],
      [`InferencePool ${name}`]: [`Deployment ${name}`],
      [`NetworkPolicy ${name}`]: [`Deployment ${name}`],
      [`NetworkPolicy ${name}-router`]: [`Deployment ${name}-router`],
      [`PodMonitor ${name}-engine`]: [`Deployment ${name}`],
      [`PodMonitor ${name}-router`]: [`Deployment ${name}-router`],
      [`Service ${name}-router`]: [`Deployment ${name}-router`],
    });
    expect(picked).toEqual({
      ...ofModel("qwen"),
      ...ofModel("llama"),
      "Deployment gateway": ["Deployment gateway"],
      "NetworkPolicy gateway": ["Deployment gateway"],
      "PodDisruptionBudget gateway": ["Deployment gateway"],
      "Service gateway": ["Deployment gateway"],
    });
  });

  test("the budget of an adopted cluster's drains counts the engines", () => {
    const objects = server(adopted);
    const { selector } = (objects.find(({ kind }) => kind === "PodDisruptionBudget") as unknown as Selecting).spec;
    const counted = podsOf(objects).filter(({ labels }) => selects(selector?.matchLabels, labels));
    expect(counted.map(({ owner }) => owner)).toEqual(["Deployment qwen"]);
  });

  test("every port that a Service or PodMonitor names is a port of the pods it picks", () => {
    interface Ports {
      spec: { ports?: { targetPort: string }[]; podMetricsEndpoints?: { port: string }[] };
    }
    let checked = 0;
    for (const object of namespace.filter(({ kind }) => ["Service", "PodMonitor"].includes(kind))) {
      const { ports = [], podMetricsEndpoints = [] } = (object as unknown as Ports).spec;
      const [owner] = picked[`${object.kind} ${object.metadata.name}`] ?? [];
      const pod = pods.find((each) => each.owner === owner);
      const names =
        pod && containersOf(pod.spec).flatMap((container) => (container.ports ?? []).map(({ name }) => name));
      for (const name of [
        ...ports.map(({ targetPort }) => targetPort),
        ...podMetricsEndpoints.map(({ port }) => port),
      ]) {
        expect(names, `${object.kind} ${object.metadata.name}`).toContain(name);
        checked += 1;
      }
    }
    expect(checked).toBe(2 * (3 + 1 + 1) + 1);
  });
});

function mib(size: string | undefined): number {
  const [, amount, unit] = /^(\d+)(Mi|Gi)$/.exec(size ?? "") ?? [];
  return Number(amount) * (unit === "Gi" ? 1024 : 1);
}
