{{- define "gateway.labels" -}}
{{ include "gateway.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The routers let in pods with this label, so it is the same for every release. */}}
{{- define "gateway.selector" -}}
app.kubernetes.io/name: gateway
{{- end }}

{{/* The longest that any request may take, hold and answer together. */}}
{{- define "gateway.longestRequestSeconds" -}}
{{- $longest := 0 }}
{{- range .Values.models }}{{ $longest = max $longest (int .timeoutSeconds) }}{{ end }}
{{- $longest }}
{{- end }}

{{- define "gateway.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "gateway.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "gateway.masterKeyEnv" -}}
- name: LITELLM_MASTER_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.masterKey.secretName }}
      key: {{ .Values.masterKey.key }}
{{- end }}

{{- define "gateway.config" -}}
model_list:
{{- range .Values.models }}
  - model_name: {{ .name }}
    litellm_params:
      model: {{ printf "hosted_vllm/%s" .name }}
      api_base: {{ .url }}
      # The router is reached by nobody but the gateway (NetworkPolicy); it asks for no key.
      api_key: none
      timeout: {{ .timeoutSeconds }}
      stream_timeout: {{ .timeoutSeconds }}
      max_retries: 0
  {{- if hasKey . "inputCostPerToken" }}
    model_info:
      # Written out: YAML reads 1e-07 as text.
      input_cost_per_token: {{ printf "%.12f" (float64 .inputCostPerToken) }}
      output_cost_per_token: {{ printf "%.12f" (float64 .outputCostPerToken) }}
  {{- end }}
{{- end }}
litellm_settings:
  request_timeout: {{ include "gateway.longestRequestSeconds" . }}
  sse_keepalive_ping_interval_seconds: {{ .Values.pingSeconds }}
  num_retries: 0
  telemetry: false
  turn_off_message_logging: true
  json_logs: true
  callbacks: [held_streams.callback]
router_settings:
  num_retries: 0
  # A router that restarts answers 500 to the requests it held, or breaks the connection, for which the default is the
  # only name: both are held again. What it answers by itself is the end, such as 503 when a hold has run out.
  retry_policy:
    InternalServerErrorRetries: 6
    DefaultRetries: 6
    ServiceUnavailableErrorRetries: 0
    TimeoutErrorRetries: 0
    RateLimitErrorRetries: 0
    BadRequestErrorRetries: 0
    ContentPolicyViolationErrorRetries: 0
    AuthenticationErrorRetries: 0
    NotFoundErrorRetries: 0
  retry_after: 1
  # One deployment for each model: benching it after an error would turn a hiccup into an outage.
  disable_cooldowns: true
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  # Without it a plain request whose client has left stays in the router's queue and wakes a GPU for nobody.
  cancel_on_disconnect: true
{{- if eq .Values.database.mode "none" }}
  # Without a database LiteLLM knows the master key alone, and answers 400 to any other.
  custom_auth: custom_auth.user_api_key_auth
{{- end }}
{{- end }}
