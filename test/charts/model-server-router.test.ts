import { describe, expect, test } from "vitest";
import { helmTemplate, merge, pick, type Values } from "./helm";
import { hold, modelServerBase } from "./model-server-values";
import { containerOf, type PodSpec } from "./pods";

interface Deployment {
  spec: {
    template: { metadata: { annotations: Record<string, string> }; spec: PodSpec };
    [field: string]: unknown;
  };
}

const render = (change: Values = {}) => helmTemplate("model-server", "qwen", merge(modelServerBase, change));
const base = render();
const deployment = (objects = base) => pick<Deployment>(objects, "Deployment", "qwen-router");
const pod = deployment().spec.template.spec;

describe("the router's Deployment", () => {
  test("is one pod, whose successor is there before it goes", () => {
    const { replicas, strategy } = deployment().spec;
    expect(replicas).toBe(1);
    expect(strategy).toEqual({ rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
  });

  test("runs on the nodes it is given, as nobody, without a name for every Service in its environment", () => {
    expect(pod).toMatchObject({
      serviceAccountName: "qwen-router",
      enableServiceLinks: false,
      nodeSelector: { "pilotlight.dev/role": "system" },
      securityContext: { runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001 },
      volumes: [{ name: "config", configMap: { name: "qwen-router" } }],
    });
    expect(pod).not.toHaveProperty("tolerations");
  });

  test("Envoy: its image, its file, ready by itself", () => {
    const envoy = containerOf(pod, "envoy");
    expect(envoy).toMatchObject({
      image: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
      command: ["envoy"],
      args: [
        "--config-path",
        "/config/envoy.yaml",
        "--log-level",
        "warn",
        "--concurrency",
        "2",
        "--disable-hot-restart",
      ],
      ports: [{ name: "http", containerPort: 8081 }],
      lifecycle: { preStop: { sleep: { seconds: hold.shutdownTimeoutSeconds } } },
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
    });
    const probe = { httpGet: { path: "/router/ready", port: "http" } };
    expect(envoy.readinessProbe).toEqual({ ...probe, periodSeconds: 2 });
    expect(envoy.livenessProbe).toEqual({ ...probe, periodSeconds: 10, failureThreshold: 6 });
  });

  test("the picker: its pool, its file, plain gRPC inside the pod", () => {
    const epp = containerOf(pod, "epp");
    expect(epp.image).toBe("registry.k8s.io/gateway-api-inference-extension/epp:v1.5.0");
    expect(epp).not.toHaveProperty("command");
    expect(epp.args).toEqual([
      "--pool-name=qwen",
      "--pool-namespace=inference",
      "--config-file=/config/epp.yaml",
      "--secure-serving=false",
      "--metrics-endpoint-auth=false",
      "--enable-pprof=false",
      "--tracing=false",
      "--zap-encoder=json",
      "--grpc-port=9002",
      "--grpc-health-port=9003",
      "--metrics-port=9090",
    ]);
    expect(epp.readinessProbe).toEqual({ grpc: { port: 9003, service: "inference-extension" }, periodSeconds: 2 });
    expect(epp.lifecycle).toEqual({ preStop: { sleep: { seconds: hold.shutdownTimeoutSeconds } } });
  });

  test("restarts when either of its files changes, and for nothing else", () => {
    const stamps = (change: Values) => deployment(render(change)).spec.template.metadata.annotations;
    const before = stamps({});
    expect(Object.keys(before).sort()).toEqual(["pilotlight.dev/envoy-config", "pilotlight.dev/epp-config"]);
    expect(stamps({ autoscaling: { maxReplicas: 9 }, gpus: 2 })).toEqual(before);
    const longer = stamps({ hold: { messageTimeoutSeconds: hold.extProcTimeoutSeconds + 1 } });
    expect(longer["pilotlight.dev/envoy-config"]).not.toBe(before["pilotlight.dev/envoy-config"]);
    expect(longer["pilotlight.dev/epp-config"]).toBe(before["pilotlight.dev/epp-config"]);
    const bigger = stamps({ router: { maxHeldBytes: "1Gi" } });
    expect(bigger["pilotlight.dev/epp-config"]).not.toBe(before["pilotlight.dev/epp-config"]);
    expect(bigger["pilotlight.dev/envoy-config"]).toBe(before["pilotlight.dev/envoy-config"]);
  });
});

describe("what the router may do", () => {
  test("it reads pods and pools of its namespace and changes nothing", () => {
    const role = pick<{ rules: unknown }>(base, "Role", "qwen-router");
    const verbs = ["get", "list", "watch"];
    expect(role.rules).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs },
      { apiGroups: ["inference.networking.k8s.io"], resources: ["inferencepools"], verbs },
      {
        apiGroups: ["inference.networking.x-k8s.io"],
        resources: ["inferenceobjectives", "inferencemodelrewrites"],
        verbs,
      },
    ]);
    expect(pick(base, "RoleBinding", "qwen-router")).toMatchObject({
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "qwen-router" },
      subjects: [{ kind: "ServiceAccount", name: "qwen-router", namespace: "inference" }],
    });
    expect(base.filter(({ kind }) => kind.startsWith("ClusterRole"))).toEqual([]);
  });

  test("its Service has the port for requests, and those that the pool and Prometheus name", () => {
    expect(pick(base, "Service", "qwen-router").spec).toEqual({
      selector: { "app.kubernetes.io/instance": "qwen", "app.kubernetes.io/component": "router" },
      ports: [
        { name: "http", port: 8081, targetPort: "http" },
        { name: "grpc", port: 9002, targetPort: "grpc" },
        { name: "metrics", port: 9090, targetPort: "metrics" },
      ],
    });
  });
});
