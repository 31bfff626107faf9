import { describe, expect, test } from "vitest";
import { helmTemplate } from "./helm";
import { hold, modelServerBase } from "./model-server-values";
import { connectionManager, externalProcessor, routerConfig } from "./router-config";

const { epp, envoy } = routerConfig(helmTemplate("model-server", "qwen", modelServerBase), "qwen");

describe("the picker's configuration", () => {
  test("holds for the time to live, and reads the engine's metrics by their names", () => {
    expect(epp).toEqual({
      apiVersion: "inference.networking.x-k8s.io/v1alpha1",
      kind: "EndpointPickerConfig",
      featureGates: ["flowControl"],
      plugins: [
        { type: "queue-scorer" },
        { type: "kv-cache-utilization-scorer" },
        { type: "prefix-cache-scorer" },
        { type: "metrics-data-source", parameters: { scheme: "http", path: "/metrics" } },
        {
          type: "core-metrics-extractor",
          parameters: {
            defaultEngine: "vllm",
            engineConfigs: [
              {
                name: "vllm",
                queuedRequestsSpec: "vllm:num_requests_waiting",
                runningRequestsSpec: "vllm:num_requests_running",
                kvUsageSpec: "vllm:kv_cache_usage_perc",
                cacheInfoSpec: "vllm:cache_config_info",
              },
            ],
          },
        },
      ],
      dataLayer: {
        sources: [{ pluginRef: "metrics-data-source", extractors: [{ pluginRef: "core-metrics-extractor" }] }],
      },
      schedulingProfiles: [
        {
          name: "default",
          plugins: [
            { pluginRef: "queue-scorer", weight: 2 },
            { pluginRef: "kv-cache-utilization-scorer", weight: 2 },
            { pluginRef: "prefix-cache-scorer", weight: 3 },
          ],
        },
      ],
      flowControl: { maxBytes: "256Mi", defaultRequestTTL: `${hold.eppTtlSeconds}s` },
    });
  });
});

describe("Envoy's configuration", () => {
  const manager = connectionManager(envoy);
  const keepalive = { keepalive_time: 60, keepalive_interval: 15, keepalive_probes: 4 };
  const limits = { thresholds: [{ max_connections: 10000, max_pending_requests: 10000, max_requests: 10000 }] };

  test("nothing ends a silent request but the picker's answer", () => {
    expect(externalProcessor(envoy)).toEqual({
      "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor",
      grpc_service: { envoy_grpc: { cluster_name: "epp", authority: "localhost" } },
      failure_mode_allow: false,
      message_timeout: `${hold.extProcTimeoutSeconds}s`,
      processing_mode: {
        request_header_mode: "SEND",
        response_header_mode: "SEND",
        request_body_mode: "FULL_DUPLEX_STREAMED",
        response_body_mode: "FULL_DUPLEX_STREAMED",
        request_trailer_mode: "SEND",
        response_trailer_mode: "SEND",
      },
    });
    expect(manager.stream_idle_timeout).toBe("0s");
    expect(manager.route_config).toEqual({
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, route: { cluster: "engine", timeout: "0s", idle_timeout: "0s" } }],
        },
      ],
    });
    // Any other of Envoy's timers would have to be weighed against the hold first.
    const timers = JSON.stringify(envoy).match(/"[a-z_]*(timeout|duration)":"[^"]+"/g) ?? [];
    expect([...new Set(timers)].sort()).toEqual([
      '"connect_timeout":"5s"',
      '"idle_timeout":"0s"',
      `"message_timeout":"${hold.extProcTimeoutSeconds}s"`,
      '"stream_idle_timeout":"0s"',
      '"timeout":"0s"',
    ]);
  });

  test("a request brings its own connection, which is kept alive on both sides while it is silent", () => {
    expect(manager.common_http_protocol_options).toEqual({ max_requests_per_connection: 1 });
    expect(envoy.static_resources.listeners.map(({ tcp_keepalive }) => tcp_keepalive)).toEqual([keepalive]);
    const [engine] = envoy.static_resources.clusters;
    expect(engine?.upstream_connection_options).toEqual({ tcp_keepalive: keepalive });
  });

  test("probe, then picker, then the pod that it named", () => {
    expect(manager.http_filters.map(({ name }) => name)).toEqual([
      "envoy.filters.http.health_check",
      "envoy.filters.http.ext_proc",
      "envoy.filters.http.router",
    ]);
    expect(manager.http_filters[0]?.typed_config).toMatchObject({
      pass_through_mode: false,
      headers: [{ name: ":path", string_match: { exact: "/router/ready" } }],
    });
    const [engine, picker, ...others] = envoy.static_resources.clusters;
    expect(others).toEqual([]);
    expect(engine).toMatchObject({
      name: "engine",
      type: "ORIGINAL_DST",
      lb_policy: "CLUSTER_PROVIDED",
      original_dst_lb_config: { use_http_header: true, http_header_name: "x-gateway-destination-endpoint" },
      circuit_breakers: limits,
    });
    const address = { socket_address: { address: "127.0.0.1", port_value: 9002 } };
    expect(picker).toMatchObject({
      name: "epp",
      type: "STATIC",
      circuit_breakers: limits,
      load_assignment: { cluster_name: "epp", endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    });
  });

  test("listens for requests on one port, and for its administrator inside the pod alone", () => {
    expect(envoy.static_resources.listeners.map(({ address }) => address)).toEqual([
      { socket_address: { address: "0.0.0.0", port_value: 8081 } },
    ]);
    expect(envoy.admin).toEqual({ address: { socket_address: { address: "127.0.0.1", port_value: 9901 } } });
  });
});
