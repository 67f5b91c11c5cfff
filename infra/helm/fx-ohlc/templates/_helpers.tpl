{{- define "fx.labels" -}}
app.kubernetes.io/part-of: fx-ohlc
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The services by name: where their values are, and their port. */}}
{{- define "fx.services" -}}
tick-ingest: { values: tickIngest, port: 8001 }
ohlc-query: { values: ohlcQuery, port: 8002 }
stream-gateway: { values: streamGateway, port: 8003 }
{{- end }}

{{- define "fx.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "fx.image" -}}
{{ .root.Values.image.registry }}/{{ .image }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* Secrets of a container as variables. A dict: root, names (variable -> key in values.secret.keys); an empty key is left out. */}}
{{- define "fx.secretEnv" -}}
{{- $root := .root }}
{{- range $variable, $key := .names }}
{{- with index $root.Values.secret.keys $key }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef: { name: {{ $root.Values.secret.name }}, key: {{ . }} }
{{- end }}
{{- end }}
{{- end }}

{{- define "fx.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "fx.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
