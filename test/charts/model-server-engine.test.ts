import { describe, expect, test } from "vitest";
import { helmTemplate, kindsAndNames, merge, pick, type Values } from "./helm";
import { hold, modelServerBase } from "./model-server-values";
import { validate } from "./valid";

interface Container {
  name: string;
  env: { name: string; value?: string; valueFrom?: unknown }[];
  securityContext: unknown;
  [field: string]: unknown;
}
interface Deployment {
  spec: {
    replicas: number;
    template: {
      metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
      spec: { initContainers?: Container[]; containers: Container[]; [field: string]: unknown };
    };
    [field: string]: unknown;
  };
}

const render = (change: Values = {}) => helmTemplate("model-server", "qwen", merge(modelServerBase, change));
const deployment = (change?: Values) => pick<Deployment>(render(change), "Deployment", "qwen");
const pod = (change?: Values) => deployment(change).spec.template.spec;
const engine = (change?: Values) => {
  const [container, ...others] = pod(change).containers;
  if (container === undefined || others.length > 0) throw new Error("the engine's pod has one container");
  return container;
};

/** Nodes of somebody else. */
const adopted: Values = { placement: { pools: [], nodeSelector: { "example.com/gpu": "l4" } } };

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

describe("model-server", () => {
  test("makes exactly these objects", () => {
    expect(kindsAndNames(render())).toEqual([
      "ConfigMap qwen-router",
      "Deployment qwen",
      "Deployment qwen-router",
      "InferencePool qwen",
      "NetworkPolicy qwen",
      "NetworkPolicy qwen-router",
      "PodMonitor qwen-engine",
      "PodMonitor qwen-router",
      "Role qwen-router",
      "RoleBinding qwen-router",
      "ScaledObject qwen",
      "Service qwen-router",
      "ServiceAccount qwen",
      "ServiceAccount qwen-router",
    ]);
  });

  test("every object fits the API's schema, with and without the options", async () => {
    const everything = {
      compileCache: { uri: "s3://weights/compile-cache" },
      hubTokenSecret: "hub-token",
      autoscaling: { schedule: [{ timezone: "UTC", start: "0 8 * * 1-5", end: "0 18 * * 1-5", desiredReplicas: 2 }] },
    };
    expect(await validate(render())).toEqual(["InferencePool qwen"]);
    expect(await validate(render(everything))).toEqual(["InferencePool qwen"]);
    expect(await validate(render(adopted))).toEqual(["InferencePool qwen"]);
  });

  test("two models in a namespace share no name", () => {
    const other = helmTemplate("model-server", "llama", modelServerBase);
    const names = new Set(kindsAndNames(render()));
    expect(kindsAndNames(other).filter((name) => names.has(name))).toEqual([]);
  });
});

describe("the engine's Deployment", () => {
  test("a new one starts at the configured minimum, not at one GPU", () => {
    expect(deployment().spec.replicas).toBe(0);
    expect(deployment({ autoscaling: { minReplicas: 2 } }).spec.replicas).toBe(2);
  });

  test("never needs a second GPU for a rollout", () => {
    expect(deployment().spec.strategy).toEqual({ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
    expect(deployment().spec.progressDeadlineSeconds).toBe(hold.progressDeadlineSeconds);
  });

  test("runs what the values say, on its GPUs", () => {
    expect(engine({ gpus: 4 })).toMatchObject({
      image: "docker.io/vllm/vllm-openai:v0.32.0",
      command: ["vllm", "serve"],
      args: ["s3://weights/qwen", "--served-model-name=qwen"],
      env: [
        { name: "AWS_REGION", value: "eu-central-1" },
        { name: "HOME", value: "/cache/home" },
      ],
      ports: [{ name: "http", containerPort: 8000 }],
      resources: {
        requests: { cpu: "3500m", memory: "28000Mi", "nvidia.com/gpu": "4" },
        limits: { memory: "28000Mi", "nvidia.com/gpu": "4" },
      },
    });
  });

  test("drains: leaves the endpoints, finishes its answers, exits", () => {
    expect(engine().lifecycle).toEqual({ preStop: { sleep: { seconds: 10 } } });
    expect(pod().terminationGracePeriodSeconds).toBe(hold.terminationGraceSeconds);
    expect(hold.terminationGraceSeconds).toBe(10 + 240 + 15);
  });

  test("its probes give a cold start the time it takes", () => {
    const probe = { httpGet: { path: "/health", port: "http" } };
    const { startupProbe, readinessProbe, livenessProbe } = engine();
    expect(startupProbe).toEqual({
      ...probe,
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: hold.startupSeconds / 5,
    });
    expect(readinessProbe).toEqual({ ...probe, periodSeconds: 5, timeoutSeconds: 5 });
    expect(livenessProbe).toEqual({ ...probe, periodSeconds: 15, timeoutSeconds: 10, failureThreshold: 8 });
  });

  test("has no more rights than the restricted pod security level", () => {
    expect(pod({ compileCache: { uri: "s3://weights/cache" } })).toMatchObject({
      serviceAccountName: "qwen",
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 2000,
        runAsGroup: 0,
        seccompProfile: { type: "RuntimeDefault" },
      },
    });
    const { containers, initContainers = [] } = pod({ compileCache: { uri: "s3://weights/cache" } });
    expect([...containers, ...initContainers].map(({ securityContext }) => securityContext)).toEqual([
      RESTRICTED,
      RESTRICTED,
      RESTRICTED,
    ]);
  });

  test("writes to the node's disk, and to memory for /dev/shm alone", () => {
    expect(pod({ resources: { sharedMemory: "8192Mi" } }).volumes).toEqual([
      { name: "cache", emptyDir: {} },
      { name: "shm", emptyDir: { medium: "Memory", sizeLimit: "8192Mi" } },
      { name: "tmp", emptyDir: {} },
    ]);
    expect(engine().volumeMounts).toEqual([
      { name: "cache", mountPath: "/cache" },
      { name: "shm", mountPath: "/dev/shm" },
      { name: "tmp", mountPath: "/tmp" },
    ]);
  });

  test("tries its pools in order and no other node", () => {
    const inPools = (values: string[]) => [{ key: "pilotlight.dev/pool", operator: "In", values }];
    expect(pod().affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: inPools(["l40s", "a10g"]) }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, preference: { matchExpressions: inPools(["l40s"]) } },
          { weight: 90, preference: { matchExpressions: inPools(["a10g"]) } },
        ],
      },
    });
    expect(pod().tolerations).toEqual([{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }]);
    expect(pod()).not.toHaveProperty("nodeSelector");
  });

  test("a twelfth pool still has a weight that Kubernetes takes", () => {
    const pools = Array.from({ length: 12 }, (_, index) => `pool-${index}`);
    expect(JSON.stringify(pod({ placement: { pools } }).affinity)).toContain('"weight":1,');
  });

  test("on an adopted cluster selects by the user's labels", () => {
    expect(pod(adopted).nodeSelector).toEqual({ "example.com/gpu": "l4" });
    expect(pod(adopted)).not.toHaveProperty("affinity");
  });

  test("nothing keeps a drain of the kit's own nodes from it: no annotation, no budget", () => {
    const annotations = (change?: Values) => deployment(change).spec.template.metadata.annotations;
    const cached = { compileCache: { uri: "s3://weights/cache" } };
    expect(annotations()).toBeUndefined();
    expect(Object.keys(annotations(cached) ?? {})).toEqual(["pilotlight.dev/compile-cache"]);
    expect(kindsAndNames(render()).filter((name) => name.startsWith("PodDisruptionBudget"))).toEqual([]);
  });

  test("on nodes of somebody else nobody moves it to save money, and drains take one replica at a time", () => {
    const annotations = (change: Values) => deployment(change).spec.template.metadata.annotations;
    const cached = { compileCache: { uri: "s3://weights/cache" } };
    expect(annotations(adopted)).toEqual({ "karpenter.sh/do-not-disrupt": "true" });
    expect(annotations(merge(adopted, cached))).toEqual({
      "karpenter.sh/do-not-disrupt": "true",
      "pilotlight.dev/compile-cache": expect.any(String),
    });
    expect(pick(render(adopted), "PodDisruptionBudget", "qwen").spec).toEqual({
      // Not minAvailable: with one replica that would hold every node drain up for good.
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: { "app.kubernetes.io/instance": "qwen", "app.kubernetes.io/component": "engine" } },
    });
  });

  test("reads the hub's token from a Secret, where there is one", () => {
    expect(engine({ hubTokenSecret: "hub" }).env).toContainEqual({
      name: "HF_TOKEN",
      valueFrom: { secretKeyRef: { name: "hub", key: "token" } },
    });
    expect(engine().env.map(({ name }) => name)).not.toContain("HF_TOKEN");
  });
});

describe("the compile cache", () => {
  const cached = { compileCache: { uri: "s3://weights/compile-cache/" } };
  const variable = (container: Container | undefined, name: string) =>
    container?.env.find((entry) => entry.name === name)?.value;

  test("is restored before the engine and saved beside it", () => {
    const [restore, save] = pod(cached).initContainers ?? [];
    expect(restore).toMatchObject({ command: ["python3", "/script/compile_cache.py", "restore"] });
    expect(restore).not.toHaveProperty("restartPolicy");
    expect(save).toMatchObject({
      command: ["python3", "/script/compile_cache.py", "save"],
      restartPolicy: "Always",
    });
    expect(variable(save, "HEALTH_URL")).toBe("http://127.0.0.1:8000/health");
    expect(variable(save, "AWS_REGION")).toBe("eu-central-1");
    // The image's own default is every GPU of the node, other replicas' included.
    for (const container of [restore, save]) expect(variable(container, "NVIDIA_VISIBLE_DEVICES")).toBe("void");
  });

  test("belongs to one image and one set of flags", () => {
    const uri = (change: Values) => variable(pod(merge(cached, change)).initContainers?.[0], "CACHE_URI");
    expect(uri({})).toMatch(/^s3:\/\/weights\/compile-cache\/[0-9a-f]{16}\.tar$/);
    expect(uri({ autoscaling: { maxReplicas: 9 } })).toBe(uri({}));
    expect(uri({ engine: { image: "vllm:next" } })).not.toBe(uri({}));
    expect(uri({ engine: { args: ["--max-model-len=1"] } })).not.toBe(uri({}));
  });

  test("leaves nothing behind when it is off", () => {
    expect(pod()).not.toHaveProperty("initContainers");
    expect(JSON.stringify(render())).not.toContain("compile");
  });
});
