{{- define "sluice.env" -}}
- name: NODE_ENV
  value: production
# Limits V8's old space; a larger young generation of the watcher would never shrink. See infra/kubernetes/base/deployment.yaml.
- name: NODE_OPTIONS
  {{- if eq .Values.mode "up" }}
  value: --max-old-space-size={{ .Values.heapMiB | default 256 }}
  {{- else }}
  value: --max-old-space-size={{ .Values.heapMiB | default 112 }} --max-semi-space-size=2
  {{- end }}
# These two let freed memory return to the system.
- name: MALLOC_ARENA_MAX
  value: "1"
- name: MALLOC_MMAP_THRESHOLD_
  value: "32768"
- name: SLUICE_CONFIG
  value: /etc/sluice/sluice.yaml
- name: SLUICE_CLUSTER
  valueFrom:
    configMapKeyRef:
      name: {{ include "sluice.fullname" . }}
      key: cluster
- name: SLUICE_LOG_LEVEL
  valueFrom:
    configMapKeyRef:
      name: {{ include "sluice.fullname" . }}
      key: logLevel
- name: SLUICE_HTTP_PORT
  value: "8080"
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.queueServer.existingSecret }}
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
{{- define "sluice.http" -}}
ports:
  - name: http
    containerPort: 8080
  {{- if .Values.console.enabled }}
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
    {{- if .Values.console.enabled }}
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
{{- define "sluice.files" -}}
- name: config
  path: /etc/sluice
  source:
    configMap:
      name: {{ include "sluice.fullname" . }}
      items:
        - key: sluice.yaml
          path: sluice.yaml
{{- if eq .Values.mode "up" }}
- name: state
  path: /var/lib/sluice
  writable: true
  source:
    persistentVolumeClaim:
      claimName: {{ .Values.persistence.existingClaim | default (printf "%s-state" (include "sluice.fullname" .)) }}
{{- end }}
{{- $secrets := list
  (dict "name" "bigip" "secret" .Values.bigip.existingSecret)
  (dict "name" "sign-key" "at" "sign" "secret" .Values.signKey.existingSecret)
  (dict "name" "console" "secret" .Values.console.existingSecret) }}
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
{{- with .Values.verifyKeys.existingConfigMap }}
- name: verify-keys
  path: /etc/sluice-verify
  source:
    configMap:
      name: {{ . }}
{{- end }}
{{- end -}}
