{{/* Runs in the engine's own image: the node pulls it anyway, and the streamer brings boto3 into it. */}}
{{- define "server.cacheContainer" -}}
{{- $values := .root.Values -}}
- name: {{ .name }}
  image: {{ $values.engine.image }}
  command: [python3, /script/compile_cache.py, {{ .do }}]
  env:
    - name: CACHE_DIR
      value: /cache/compile
    - name: CACHE_URI
      # Compiled kernels fit the engine and its flags; what they must fit beyond that, the engine's own keys tell apart.
      value: {{ trimSuffix "/" $values.compileCache.uri }}/{{ list $values.engine.image $values.engine.args | toJson | sha256sum | trunc 16 }}.tar
    - name: CACHE_MAX_MIB
      value: {{ $values.compileCache.maxMib | quote }}
    - name: HEALTH_URL
      value: http://127.0.0.1:{{ $values.engine.port }}{{ $values.engine.healthPath }}
    - name: HOME
      value: /tmp
    # The engine's image asks for every GPU of the node; this container needs none.
    - name: NVIDIA_VISIBLE_DEVICES
      value: void
    {{- with $values.engine.env.AWS_REGION }}
    - name: AWS_REGION
      value: {{ . }}
    {{- end }}
  resources:
    requests: {cpu: 10m, memory: 128Mi}
    limits: {memory: 512Mi}
  securityContext: {{- include "server.securityContext" .root | nindent 4 }}
  volumeMounts:
    - {name: cache, mountPath: /cache}
    - {name: tmp, mountPath: /tmp}
    - {name: compile-cache-script, mountPath: /script, readOnly: true}
{{- end }}
