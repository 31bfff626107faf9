import { describe, expect, test } from "vitest";
import { helmTemplate, merge, pick, type Values } from "./helm";
import { modelServerBase } from "./model-server-values";

interface ScaledObject {
  spec: {
    advanced: { horizontalPodAutoscalerConfig: { behavior: Behavior } };
    triggers: { type: string; name?: string; metricType?: string; metadata: Record<string, string> }[];
    [field: string]: unknown;
  };
}
interface Behavior {
  scaleUp: { stabilizationWindowSeconds: number; selectPolicy: string; policies: Policy[] };
  scaleDown: { stabilizationWindowSeconds: number; policies: Policy[] };
}
interface Policy {
  type: string;
  value: number;
  periodSeconds: number;
}

const render = (change: Values = {}) => helmTemplate("model-server", "qwen", merge(modelServerBase, change));
const scaling = (change: Values = {}) => pick<ScaledObject>(render(change), "ScaledObject", "qwen").spec;
const behaviour = (coldStartSeconds: number) =>
  scaling({
    // Long enough for any cold start that is asked about here.
    hold: { ttlSeconds: 3500, messageTimeoutSeconds: 3600, startupSeconds: 9000, progressDeadlineSeconds: 9900 },
    autoscaling: { coldStartSeconds },
  }).advanced.horizontalPodAutoscalerConfig.behavior;

describe("the ScaledObject", () => {
  test("scales the engine between the limits, and lets it sleep after its idle time", () => {
    expect(scaling({ autoscaling: { minReplicas: 1, idleAfterSeconds: 900, pollingSeconds: 7 } })).toMatchObject({
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "qwen" },
      minReplicaCount: 1,
      maxReplicaCount: 3,
      cooldownPeriod: 900,
      pollingInterval: 7,
    });
    expect(scaling().minReplicaCount).toBe(0);
  });

  test("wakes on one request, counts held and running together, and takes silence of the router for an outage", () => {
    const job = 'job="inference/qwen-router"';
    expect(scaling().triggers).toEqual([
      {
        type: "prometheus",
        name: "requests",
        metricType: "AverageValue",
        metadata: {
          serverAddress: "http://kube-prometheus-stack-prometheus.monitoring.svc:9090",
          query:
            `(sum(inference_extension_flow_control_queue_size{${job}}) or 0*sum(up{${job}}==1)) + ` +
            `(sum(inference_objective_running_requests{${job}}) or 0*sum(up{${job}}==1)) > 0 or ` +
            `0.001*(sum(increase(inference_objective_request_total{${job}}[10s])) > bool 0) or 0*sum(up{${job}}==1)`,
          threshold: "16",
          activationThreshold: "0",
          ignoreNullValues: "false",
        },
      },
    ]);
  });

  test("asks for the job under which Prometheus files the router's PodMonitor, in any namespace", () => {
    const objects = helmTemplate("model-server", "llama", modelServerBase, "team-b");
    const [trigger] = pick<ScaledObject>(objects, "ScaledObject", "llama").spec.triggers;
    const monitor = pick<{ spec: Record<string, unknown> }>(objects, "PodMonitor", "llama-router");
    // The operator's own name for the job, unless a jobLabel says otherwise.
    expect(monitor.spec).not.toHaveProperty("jobLabel");
    const jobs = new Set([...(trigger?.metadata.query ?? "").matchAll(/job="([^"]*)"/g)].map(([, job]) => job));
    expect([...jobs]).toEqual([`team-b/${monitor.metadata.name}`]);
  });

  test("has a floor for each scheduled time", () => {
    const workday = { timezone: "Europe/Berlin", start: "0 8 * * 1-5", end: "0 18 * * 1-5", desiredReplicas: 2 };
    const weekend = { ...workday, start: "0 10 * * 6", end: "0 12 * * 6", desiredReplicas: 1 };
    const [, ...crons] = scaling({ autoscaling: { schedule: [workday, weekend] } }).triggers;
    expect(crons).toEqual([
      { type: "cron", metadata: { ...workday, desiredReplicas: "2" } },
      { type: "cron", metadata: { ...weekend, desiredReplicas: "1" } },
    ]);
  });

  test("adds at most as many again, or two, in the time that one takes to start, and gives one back a minute", () => {
    expect(behaviour(600)).toEqual({
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: "Max",
        policies: [
          { type: "Percent", value: 100, periodSeconds: 600 },
          { type: "Pods", value: 2, periodSeconds: 600 },
        ],
      },
      scaleDown: { stabilizationWindowSeconds: 600, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
    });
  });

  // The Kubernetes API refuses a period above 1800 s and a window above 3600 s.
  test.each([
    [1, 1, 300],
    [299, 299, 300],
    [301, 301, 301],
    [1800, 1800, 1800],
    [1801, 1800, 1801],
    [3500, 1800, 3500],
  ])("a cold start of %i s paces by %i s and waits %i s before it gives one back", (cold, period, window) => {
    const { scaleUp, scaleDown } = behaviour(cold);
    expect(scaleUp.policies.map(({ periodSeconds }) => periodSeconds)).toEqual([period, period]);
    expect(scaleDown.stabilizationWindowSeconds).toBe(window);
  });
});

describe("around the engine's pods", () => {
  const engine = { "app.kubernetes.io/instance": "qwen", "app.kubernetes.io/component": "engine" };

  test("the pool is what the picker chooses from, and no request passes without the picker", () => {
    const pool = pick(render({ engine: { port: 8123 } }), "InferencePool", "qwen");
    expect(pool.apiVersion).toBe("inference.networking.k8s.io/v1");
    expect(pool.spec).toEqual({
      selector: { matchLabels: engine },
      targetPorts: [{ number: 8123 }],
      endpointPickerRef: { kind: "Service", name: "qwen-router", port: { number: 9002 }, failureMode: "FailClose" },
    });
  });

  test("Prometheus reads the router as often as KEDA asks, the engine every 15 s", () => {
    const objects = render({ autoscaling: { pollingSeconds: 3 }, engine: { metricsPath: "/stats" } });
    const endpoints = (name: string) =>
      pick<{ spec: { podMetricsEndpoints: unknown } }>(objects, "PodMonitor", name).spec.podMetricsEndpoints;
    expect(endpoints("qwen-router")).toEqual([{ port: "metrics", interval: "3s" }]);
    expect(endpoints("qwen-engine")).toEqual([{ port: "http", path: "/stats", interval: "15s" }]);
  });
});
