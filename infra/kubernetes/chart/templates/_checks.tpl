{{- /* What the schema cannot say: each line that is printed here is a problem. */ -}}
{{- define "sluice.problems" -}}
{{- include "sluice.problemsOfValues" . }}
{{- $config := .Values.config | fromYaml }}
{{- if not .Values.config }}
config is empty: pass the text of your sluice.yaml with --set-file config=sluice.yaml
{{- else if hasKey $config "Error" }}
config is not an object of YAML: {{ $config.Error | replace "\n" " " }}
{{- else }}
{{- $shape := include "sluice.problemsOfShape" $config | trim }}
{{ $shape }}
{{- if not $shape }}
{{- include "sluice.problemsOfConfig" (dict "values" .Values "config" $config) }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Only as far as it is read here; "sluice doctor -c sluice.yaml" checks the rest. */ -}}
{{- define "sluice.problemsOfShape" }}
{{- $config := . }}
{{- range $key := list "clusters" "ingresses" "devices" }}
{{- $items := get $config $key }}
{{- if not (kindIs "slice" $items) }}
config: {{ $key }} is not a list
{{- else }}
{{- range $i, $each := $items }}
{{- if not (kindIs "map" $each) }}
config: {{ $key }}[{{ $i }}] has no keys
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $key := list "queue" "failures" "console" }}
{{- if and (hasKey $config $key) (not (kindIs "map" (get $config $key))) }}
config: {{ $key }} has no keys
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.problemsOfConfig" }}
{{- $cluster := dict }}
{{- $ids := list }}
{{- range .config.clusters }}
{{- $ids = append $ids (toString .id) }}
{{- if eq (toString .id) $.values.cluster }}{{ $cluster = . }}{{ end }}
{{- end }}
{{- if and .values.cluster (not $cluster) }}
cluster: {{ .values.cluster }} is none of clusters[].id in config, which are {{ join ", " $ids }}
{{- end }}
{{- $scope := dict "values" .values "config" .config "cluster" $cluster }}
{{- include "sluice.problemsOfMode" $scope }}
{{- include "sluice.problemsOfFiles" $scope }}
{{- include "sluice.problemsOfRights" $scope }}
{{- if .values.networkPolicy.enabled }}{{ include "sluice.problemsOfPorts" $scope }}{{ end }}
{{- end -}}

{{- define "sluice.problemsOfValues" }}
{{- if not .Values.cluster }}
cluster is empty: set it to the id of this cluster, one of clusters[].id in sluice.yaml
{{- end }}
{{- if not .Values.image.repository }}
image.repository is empty: set it to the image that you built and pushed (docs/operations/install.md)
{{- end }}
{{- range $place, $image := dict "image" .Values.image "functions.image" .Values.functions.image }}
{{- if regexMatch "[:@][^/]*$" $image.repository }}
{{ $place }}.repository is {{ $image.repository }}; put the tag into {{ $place }}.tag, or the digest into {{ $place }}.digest
{{- end }}
{{- end }}
{{- if and .Values.functions.enabled (not .Values.functions.image.repository) }}
functions.image.repository is empty: set it to the image of the whole command, which you built and pushed (docs/operations/install.md)
{{- end }}
{{- range $place, $account := dict "serviceAccount" .Values.serviceAccount "functions.serviceAccount" .Values.functions.serviceAccount }}
{{- if not (or $account.create $account.name) }}
{{ $place }}.name is empty: name the account that exists, or leave {{ $place }}.create at true
{{- end }}
{{- end }}
{{- $set := list "NODE_ENV" "NODE_OPTIONS" "MALLOC_ARENA_MAX" "MALLOC_MMAP_THRESHOLD_" "SLUICE_CONFIG" "SLUICE_CLUSTER" "SLUICE_LOG_LEVEL" "SLUICE_HTTP_PORT" "POD_NAME" "POD_NAMESPACE" }}
{{- if .Values.queueServer.existingSecret }}{{ $set = concat $set (list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY") }}{{ end }}
{{- range $i, $each := .Values.extraEnv }}
{{- if has $each.name $set }}
extraEnv[{{ $i }}].name: {{ $each.name }} is set by the chart; use the value for it (heapMiB, logLevel, cluster, config, queueServer)
{{- end }}
{{- end }}
{{- $labels := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/part-of" "app.kubernetes.io/component" }}
{{- range $label := keys .Values.podLabels | sortAlpha }}
{{- if has $label $labels }}
podLabels: {{ $label }} is set by the chart; choose another label
{{- end }}
{{- end }}
{{- if ne (len .Values.rbac.ingressNamespaces) (len (uniq .Values.rbac.ingressNamespaces)) }}
rbac.ingressNamespaces has a namespace twice; leave one out
{{- end }}
{{- include "sluice.problemsOfVolumes" . }}
{{- include "sluice.problemsOfMemory" . }}
{{- end -}}

{{- define "sluice.problemsOfVolumes" }}
{{- $paths := dict }}
{{- range $role := include "sluice.roles" . | fromYamlArray }}
{{- range include "sluice.filesOf" (dict "root" $ "role" $role) | fromYamlArray }}{{ $_ := set $paths .name .path }}{{ end }}
{{- end }}
{{- $more := list }}
{{- range $i, $each := .Values.extraVolumes }}
{{- $more = append $more $each.name }}
{{- if hasKey $paths $each.name }}
extraVolumes[{{ $i }}].name: {{ $each.name }} is a volume of the chart; choose another name
{{- end }}
{{- end }}
{{- range $i, $each := .Values.extraVolumeMounts }}
{{- if not (or (has $each.name $more) (hasKey $paths $each.name)) }}
extraVolumeMounts[{{ $i }}].name: {{ $each.name }} is none of extraVolumes; add it there
{{- end }}
{{- range $name, $path := $paths }}
{{- if eq $path (trimSuffix "/" $each.mountPath) }}
extraVolumeMounts[{{ $i }}].mountPath: the chart mounts {{ $name }} at {{ $path }}; choose another path
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.problemsOfMemory" }}
{{- $usual := dict "" (eq .Values.mode "up" | ternary 256 112) "functions." 256 }}
{{- range $place, $own := dict "" .Values "functions." .Values.functions }}
{{- $memory := (default dict $own.resources.limits).memory | toString }}
{{- $heap := $own.heapMiB | default (get $usual $place) | int }}
{{- if regexMatch "^[0-9.]+[MG]i$" $memory }}
{{- $mebi := mulf (regexFind "^[0-9.]+" $memory | float64) (hasSuffix "Gi" $memory | ternary 1024 1) }}
{{- if gt (addf $heap 64) $mebi }}
{{ $place }}heapMiB is {{ $heap }}, but {{ $place }}resources.limits.memory is {{ $memory }}, and the process needs 64 MiB besides; raise the limit, or lower {{ $place }}heapMiB
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.problemsOfMode" }}
{{- $queue := default dict .config.queue }}
{{- if eq .values.mode "watch" }}
{{- if eq (default "sqlite" $queue.kind) "sqlite" }}
config: queue.kind is sqlite, a file that only one process reads, but mode watch runs the watcher alone; use mode up, or queue.kind postgres or sqs
{{- end }}
{{- if not .values.functions.enabled }}
{{- if .values.console.enabled }}
console.enabled needs mode up or functions.enabled: the watcher serves no console
{{- end }}
{{- range $name, $set := dict "bigip.existingSecret" .values.bigip.existingSecret "verifyKeys.existingConfigMap" .values.verifyKeys.existingConfigMap }}
{{- if $set }}
{{ $name }} has no effect: the watcher does not read it; leave it out, or set functions.enabled
{{- end }}
{{- end }}
{{- else if eq (default "fs" (default dict .config.failures).kind) "fs" }}
config: failures.kind is fs, a directory of one pod, but functions.enabled runs several; use failures.kind postgres or s3
{{- end }}
{{- else }}
{{- if .values.functions.enabled }}
functions.enabled needs mode watch: with mode up, the one pod runs them
{{- end }}
{{- if gt (int .values.replicas) 1 }}
replicas is {{ .values.replicas }}, but mode up runs one process, because only one may use the volume; leave it out
{{- end }}
{{- range $name, $path := dict "queue.path" $queue.path "failures.path" (default dict .config.failures).path }}
{{- if and $path (hasPrefix "/" $path) (not (hasPrefix "/var/lib/sluice/" $path)) }}
config: {{ $name }} is {{ $path }}, outside of the volume; use a path below /var/lib/sluice
{{- end }}
{{- end }}
{{- end }}
{{- if and .values.console.enabled (or (eq .values.mode "up") .values.functions.enabled) (not .config.console) }}
console.enabled needs console in config: people must log in (docs/operations/console.md)
{{- end }}
{{- end -}}

{{- /* Files that the process would not find. */ -}}
{{- define "sluice.problemsOfFiles" }}
{{- $read := list (list .cluster.signKey .config.queue | toJson) }}
{{- if or (eq .values.mode "up") .values.functions.enabled }}{{ $read = list (toJson .config) }}{{ end }}
{{- $mounted := dict
  "file:/etc/sluice-database/" (list .values.database.existingSecret "database.existingSecret")
  "file:/etc/sluice-bigip/" (list .values.bigip.existingSecret "bigip.existingSecret")
  "file:/etc/sluice-sign/" (list .values.signKey.existingSecret "signKey.existingSecret")
  "file:/etc/sluice-verify/" (list .values.verifyKeys.existingConfigMap "verifyKeys.existingConfigMap")
  "file:/etc/sluice-console/" (list .values.console.existingSecret "console.existingSecret") }}
{{- range $prefix, $value := $mounted }}
{{- if and (contains $prefix (first $read)) (not (first $value)) }}
config refers to {{ $prefix }}…, but {{ last $value }} is empty; name the object with this file there
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.problemsOfRights" }}
{{- $values := .values }}
{{- range $i, $ingress := .config.ingresses }}
{{- if eq (toString $ingress.cluster) $values.cluster }}
{{- $namespace := toString $ingress.service | splitList "/" | first }}
{{- if not (or $values.rbac.anyNamespace (has $namespace $values.rbac.ingressNamespaces)) }}
config: ingresses[{{ $i }}].service is in {{ $namespace }}, where nothing is granted; add it to rbac.ingressNamespaces
{{- end }}
{{- if and (not $values.rbac.changeServices) (ne (toString $ingress.servicePorts) "observe") }}
rbac.changeServices is false, but config: ingresses[{{ $i }}] adds ports; set servicePorts: observe there
{{- end }}
{{- end }}
{{- end }}
{{- $network := kindIs "map" .cluster.network | ternary .cluster.network dict }}
{{- if and (has $network.from (list "calico" "cilium")) (ne (default "none" $network.mode) "none") (ne $network.from .values.rbac.network) }}
config: network.from of cluster {{ .cluster.id }} is {{ $network.from }}; set rbac.network to {{ $network.from }} as well
{{- end }}
{{- end -}}

{{- /* Ports that the NetworkPolicy would not let the pod out to. */ -}}
{{- define "sluice.problemsOfPorts" }}
{{- $open := list "443" "6443" }}
{{- if .values.queueServer.existingSecret }}{{ $open = append $open (toString .values.queueServer.port) }}{{ end }}
{{- if .values.database.existingSecret }}{{ $open = append $open (toString .values.database.port) }}{{ end }}
{{- $urls := dict }}
{{- if and .config.queue .config.queue.endpoint }}{{ $_ := set $urls "queue.endpoint" .config.queue.endpoint }}{{ end }}
{{- range $name := list "queue" "failures" }}
{{- $store := default dict (get $.config $name) }}
{{- if and (eq (toString $store.kind) "postgres") (not (hasPrefix "/" (toString $store.host))) }}
{{- $_ := set $urls $name (printf "postgres://server:%d" (default 5432 $store.port | int)) }}
{{- end }}
{{- end }}
{{- if or (eq .values.mode "up") .values.functions.enabled }}
{{- range $i, $device := .config.devices }}
{{- $_ := set $urls (printf "devices[%d].url" $i) $device.url }}
{{- if $device.peer }}{{ $_ := set $urls (printf "devices[%d].peer" $i) $device.peer }}{{ end }}
{{- end }}
{{- end }}
{{- if not .values.networkPolicy.extraEgress }}
{{- range $name, $url := $urls }}
{{- $host := (urlParse (toString $url)).host }}
{{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" | default (hasPrefix "http:" $url | ternary "80" "443") }}
{{- if not (has $port $open) }}
config: {{ $name }} has port {{ $port }}, which the NetworkPolicy does not open; add it to networkPolicy.extraEgress{{ get (dict "queue.endpoint" ", or set queueServer" "queue" ", or set database" "failures" ", or set database") $name }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.checks" -}}
{{- $problems := include "sluice.problems" . | trim -}}
{{- if $problems -}}{{ fail (printf "\n%s" $problems) }}{{- end -}}
{{- end -}}
