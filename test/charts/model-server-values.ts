import { holdValues } from "../../components/model-server";
import { holdChain } from "../../planner/hold";
import type { Values } from "./helm";

export const hold = holdChain({ coldStartSeconds: 300, longestGenerationSeconds: 240 });

/** Values of a model "qwen" on two pools, as components/model-server.ts would pass them. */
export const modelServerBase: Values = {
  engine: {
    name: "vllm",
    image: "docker.io/vllm/vllm-openai:v0.32.0",
    command: ["vllm", "serve"],
    args: ["s3://weights/qwen", "--served-model-name=qwen"],
    env: { HOME: "/cache/home", AWS_REGION: "eu-central-1" },
    userId: 2000,
    groupId: 0,
    port: 8000,
    healthPath: "/health",
    metrics: {
      queued: "vllm:num_requests_waiting",
      running: "vllm:num_requests_running",
      kvUsage: "vllm:kv_cache_usage_perc",
      cacheInfo: "vllm:cache_config_info",
    },
  },
  resources: { cpu: "3500m", memory: "28000Mi" },
  placement: { pools: ["l40s", "a10g"] },
  hold: holdValues(hold),
  autoscaling: {
    maxReplicas: 3,
    coldStartSeconds: 300,
    prometheusUrl: "http://kube-prometheus-stack-prometheus.monitoring.svc:9090",
  },
  router: {
    envoyImage: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
    eppImage: "registry.k8s.io/gateway-api-inference-extension/epp:v1.5.0",
    nodeSelector: { "pilotlight.dev/role": "system" },
  },
};
