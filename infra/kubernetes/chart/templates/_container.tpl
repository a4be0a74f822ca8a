{{- define "sluice.envOf" -}}
{{- $values := .root.Values -}}
{{- $name := include "sluice.fullname" .root -}}
{{- $heap := (include "sluice.valuesOf" . | fromYaml).heapMiB -}}
- name: NODE_ENV
  value: production
# Limits V8's old space; a larger young generation of the watcher would never shrink. See infra/kubernetes/base/deployment.yaml.
- name: NODE_OPTIONS
  {{- if eq .role "watch" }}
  value: --max-old-space-size={{ $heap | default 112 | int }} --max-semi-space-size=2
  {{- else }}
  value: --max-old-space-size={{ $heap | default 256 | int }}
  {{- end }}
# These two let freed memory return to the system.
- name: MALLOC_ARENA_MAX
  value: "1"
- name: MALLOC_MMAP_THRESHOLD_
  value: "32768"
- name: SLUICE_CONFIG
  value: /etc/sluice/sluice.yaml
{{- if ne .role "functions" }}
- name: SLUICE_CLUSTER
  valueFrom:
    configMapKeyRef:
      name: {{ $name }}
      key: cluster
{{- end }}
- name: SLUICE_LOG_LEVEL
  valueFrom:
    configMapKeyRef:
      name: {{ $name }}
      key: logLevel
- name: SLUICE_HTTP_PORT
  value: "8080"
{{- if ne .role "functions" }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- end }}
{{- with $values.queueServer.existingSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: accessKeyId
- name: AWS_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: secretAccessKey
{{- end }}
{{- end -}}

{{- /* Ports and probes. */ -}}
{{- define "sluice.httpOf" -}}
{{- $console := and .root.Values.console.enabled (ne .role "watch") -}}
ports:
  - name: http
    containerPort: 8080
  {{- if $console }}
  - name: console
    containerPort: 9080
  {{- end }}
startupProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet:
    {{- if $console }}
    # People reach the console also while the API server does not answer. The path needs no login and says nothing.
    path: /healthz
    port: console
    {{- else }}
    path: /readyz
    port: http
    {{- end }}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{- /* Volumes with the place where each is mounted. The group of the pod may read Secrets. */ -}}
{{- define "sluice.filesOf" -}}
{{- $values := .root.Values -}}
{{- $runsFunctions := ne .role "watch" -}}
- name: config
  path: /etc/sluice
  source:
    configMap:
      name: {{ include "sluice.fullname" .root }}
      items:
        - key: sluice.yaml
          path: sluice.yaml
{{- if eq .role "up" }}
- name: state
  path: /var/lib/sluice
  writable: true
  source:
    persistentVolumeClaim:
      claimName: {{ $values.persistence.existingClaim | default (printf "%s-state" (include "sluice.fullname" .root)) }}
{{- end }}
{{- $secrets := list (dict "name" "database" "secret" $values.database.existingSecret) }}
{{- if ne .role "functions" }}
{{- $secrets = append $secrets (dict "name" "sign-key" "at" "sign" "secret" $values.signKey.existingSecret) }}
{{- end }}
{{- if $runsFunctions }}
{{- $secrets = append $secrets (dict "name" "bigip" "secret" $values.bigip.existingSecret) }}
{{- $secrets = append $secrets (dict "name" "console" "secret" $values.console.existingSecret) }}
{{- end }}
{{- range $secrets }}
{{- if .secret }}
- name: {{ .name }}
  path: /etc/sluice-{{ .at | default .name }}
  source:
    secret:
      secretName: {{ .secret }}
      defaultMode: 0440
{{- end }}
{{- end }}
{{- if and $runsFunctions $values.verifyKeys.existingConfigMap }}
- name: verify-keys
  path: /etc/sluice-verify
  source:
    configMap:
      name: {{ $values.verifyKeys.existingConfigMap }}
{{- end }}
{{- end -}}
