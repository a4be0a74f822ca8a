{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "sluice" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-sluice" (.Release.Name | trunc 33 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- /*
What runs in pods of its own: the mode, and the functions beside the watcher. Below, "scope" is a dict of the root and the role. "values"
has image, replicas, serviceAccount, resources and heapMiB of the role.
*/ -}}
{{- define "sluice.roles" -}}
- {{ .Values.mode }}
{{- if .Values.functions.enabled }}
- functions
{{- end }}
{{- end -}}

{{- define "sluice.valuesOf" -}}
{{- eq .role "functions" | ternary .root.Values.functions .root.Values | toYaml -}}
{{- end -}}

{{- define "sluice.nameOf" -}}
{{- include "sluice.fullname" .root -}}{{- if eq .role "functions" }}-functions{{ end -}}
{{- end -}}

{{- define "sluice.selectorOf" -}}
app.kubernetes.io/name: sluice{{ if eq .role "functions" }}-functions{{ end }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- /* Whatever runs the functions; the console is there as well. */ -}}
{{- define "sluice.componentOf" -}}
{{- if ne .role "watch" }}
app.kubernetes.io/component: functions
{{- end }}
{{- end -}}

{{- /* Selects all pods of the release. */ -}}
{{- define "sluice.podsSelector" -}}
app.kubernetes.io/part-of: sluice
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluice.selectorLabels" -}}
{{- include "sluice.selectorOf" (dict "root" . "role" .Values.mode) -}}
{{- end -}}

{{- define "sluice.labels" -}}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/part-of: sluice
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "sluice.serviceAccountOf" -}}
{{- (include "sluice.valuesOf" . | fromYaml).serviceAccount.name | default (include "sluice.nameOf" .) -}}
{{- end -}}

{{- /* The only subject of every binding. */ -}}
{{- define "sluice.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "sluice.serviceAccountOf" (dict "root" . "role" .Values.mode) }}
    namespace: {{ .Release.Namespace }}
{{- end -}}

{{- define "sluice.imageOf" -}}
{{- with (include "sluice.valuesOf" . | fromYaml).image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sluice.configData" -}}
cluster: {{ .Values.cluster | quote }}
logLevel: {{ .Values.logLevel }}
{{ dict "sluice.yaml" .Values.config | toYaml }}
{{- end -}}
