{{/* Everything that is specific to this release of the endpoint picker: its configuration and its metric names. */}}
{{- define "server.epp" -}}
apiVersion: inference.networking.x-k8s.io/v1alpha1
kind: EndpointPickerConfig
featureGates: [flowControl]
plugins:
  - type: queue-scorer
  - type: kv-cache-utilization-scorer
  - type: prefix-cache-scorer
  - type: metrics-data-source
    parameters:
      scheme: http
      path: {{ .Values.engine.metricsPath }}
  - type: core-metrics-extractor
    parameters:
      defaultEngine: {{ .Values.engine.name }}
      engineConfigs:
        - name: {{ .Values.engine.name }}
          queuedRequestsSpec: {{ .Values.engine.metrics.queued | quote }}
          runningRequestsSpec: {{ .Values.engine.metrics.running | quote }}
          kvUsageSpec: {{ .Values.engine.metrics.kvUsage | quote }}
          cacheInfoSpec: {{ .Values.engine.metrics.cacheInfo | quote }}
dataLayer:
  sources:
    - pluginRef: metrics-data-source
      extractors:
        - pluginRef: core-metrics-extractor
schedulingProfiles:
  - name: default
    plugins:
      - {pluginRef: queue-scorer, weight: 2}
      - {pluginRef: kv-cache-utilization-scorer, weight: 2}
      - {pluginRef: prefix-cache-scorer, weight: 3}
flowControl:
  maxBytes: {{ .Values.router.maxHeldBytes }}
  defaultRequestTTL: {{ .Values.hold.ttlSeconds }}s
{{- end }}

{{/* Requests held in the picker and requests it has sent on, together. The series do not exist before its first request;
     0 is then right while the router can be scraped, and an error, which keeps the replicas, while it cannot.
     Answers that fall between two scrapes are in no gauge, but counted: a thousandth keeps a model awake and adds no replica. */}}
{{- define "server.demandQuery" -}}
{{- $job := printf "job=\"%s/%s-router\"" .Release.Namespace .Release.Name }}
{{- $zero := printf "0*sum(up{%s}==1)" $job }}
{{- $window := mul 5 (int .Values.autoscaling.pollingSeconds) }}
{{- $present := printf "(sum(inference_extension_flow_control_queue_size{%s}) or %s) + (sum(inference_objective_running_requests{%s}) or %s)" $job $zero $job $zero }}
{{- $passed := printf "0.001*(sum(increase(inference_objective_request_total{%s}[%ds])) > bool 0)" $job $window }}
{{- printf "%s > 0 or %s or %s" $present $passed $zero }}
{{- end }}

{{- define "server.envoy" -}}
admin:
  address: {socket_address: {address: 127.0.0.1, port_value: 9901}}
static_resources:
  listeners:
    - name: openai
      address: {socket_address: {address: 0.0.0.0, port_value: 8081}}
      tcp_keepalive: {{- include "server.envoyKeepalive" . | nindent 8 }}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: openai
                # A held request is silent until its model is awake.
                stream_idle_timeout: 0s
                # Each request opens its own connection, so that a router that has left the Service gets no new one.
                common_http_protocol_options: {max_requests_per_connection: 1}
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: {prefix: /}
                          route: {cluster: engine, timeout: 0s, idle_timeout: 0s}
                http_filters:
                  # Answered here, so that a probe is neither held nor counted as a request.
                  - name: envoy.filters.http.health_check
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck
                      pass_through_mode: false
                      headers:
                        - {name: ":path", string_match: {exact: /router/ready}}
                  - name: envoy.filters.http.ext_proc
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
                      grpc_service:
                        envoy_grpc: {cluster_name: epp, authority: localhost}
                      failure_mode_allow: false
                      message_timeout: {{ .Values.hold.messageTimeoutSeconds }}s
                      processing_mode:
                        request_header_mode: SEND
                        response_header_mode: SEND
                        request_body_mode: FULL_DUPLEX_STREAMED
                        response_body_mode: FULL_DUPLEX_STREAMED
                        request_trailer_mode: SEND
                        response_trailer_mode: SEND
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
    # The picker names the pod in a header; whatever a client wrote there has been replaced by then.
    - name: engine
      type: ORIGINAL_DST
      lb_policy: CLUSTER_PROVIDED
      connect_timeout: 5s
      original_dst_lb_config: {use_http_header: true, http_header_name: x-gateway-destination-endpoint}
      upstream_connection_options:
        tcp_keepalive: {{- include "server.envoyKeepalive" . | nindent 10 }}
      circuit_breakers: {{- include "server.envoyLimits" . | nindent 8 }}
    - name: epp
      type: STATIC
      connect_timeout: 5s
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: {http2_protocol_options: {}}
      circuit_breakers: {{- include "server.envoyLimits" . | nindent 8 }}
      load_assignment:
        cluster_name: epp
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9002}}}
{{- end }}

{{/* Envoy's own limit is 1024 requests at a time, held ones included. */}}
{{- define "server.envoyLimits" -}}
thresholds:
  - {max_connections: 10000, max_pending_requests: 10000, max_requests: 10000}
{{- end }}

{{/* A held plain request is silent for minutes, and EC2 forgets a connection that is silent for 350 s (the default of
     connection tracking on Nitro v6 instances). It also ends a held request whose client vanished without a goodbye. */}}
{{- define "server.envoyKeepalive" -}}
{keepalive_time: 60, keepalive_interval: 15, keepalive_probes: 4}
{{- end }}
