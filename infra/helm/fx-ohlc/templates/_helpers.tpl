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
{{- if .Values.archiver.enabled }}
archiver: { values: archiver, port: 8004 }
{{- end }}
{{- end }}

{{- define "fx.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "fx.image" -}}
{{- $tag := printf ":%s" (.root.Values.image.tag | default .root.Chart.AppVersion) }}
{{- with get .root.Values.image.digests .image }}
{{- $tag = printf "@%s" . }}
{{- end }}
{{- .root.Values.image.registry }}/{{ .image }}{{ $tag }}
{{- end }}

{{/* Over nodes, as far as there are any, by a selector's labels. */}}
{{- define "fx.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- . | nindent 8 }}
{{- end }}

{{/* A dict: name of the Deployment, selector (labels), autoscaling (values). */}}
{{- define "fx.autoscaler" }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .name }}
  labels:
    {{- .selector | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ .name }} }
  minReplicas: {{ .autoscaling.min }}
  maxReplicas: {{ .autoscaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ .autoscaling.cpuPercent }} }
    {{- with .autoscaling.connections }}
    - type: Pods
      pods:
        metric: { name: websocket_connections_active }
        target: { type: AverageValue, averageValue: {{ . | quote }} }
    {{- end }}
  {{- with .autoscaling.scaleDownSeconds }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: {{ . }}
      policies:
        - { type: Pods, value: 1, periodSeconds: 60 }
  {{- end }}
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

{{/* The Secret of internal_secret and admin_key. */}}
{{- define "fx.accessSecret" -}}
{{ .Values.access.secretName | default (printf "%s-access" .Release.Name) }}
{{- end }}

{{/* Who may do what, the same for all services. */}}
{{- define "fx.accessEnv" -}}
{{- if .Values.access.enabled -}}
- { name: AUTH, value: "on" }
- { name: ANONYMOUS_SCOPES, value: {{ join "," .Values.access.anonymousScopes | quote }} }
- { name: DEFAULT_LIMITS, value: {{ join "," .Values.access.defaultLimits | quote }} }
- { name: REFUSED_TOKENS_PER_SECOND, value: {{ .Values.access.refusedTokensPerSecond | quote }} }
- { name: JWT_JWKS_URL, value: {{ .Values.access.jwt.jwksUrl | quote }} }
- { name: JWT_PUBLIC_KEY_FILE, value: {{ ternary "/etc/fx/jwt/key" "" (ne .Values.access.jwt.publicKey.secretName "") | quote }} }
- { name: JWT_ISSUER, value: {{ .Values.access.jwt.issuer | quote }} }
- { name: JWT_AUDIENCE, value: {{ .Values.access.jwt.audience | quote }} }
- name: INTERNAL_SECRET
  valueFrom:
    secretKeyRef: { name: {{ include "fx.accessSecret" . }}, key: internal_secret }
{{- else -}}
{{- $services := keys (include "fx.services" . | fromYaml) | sortAlpha }}
{{- $names := list .Values.ingress.host (printf "%s-edge" .Release.Name) (printf "%s-edge.%s" .Release.Name .Release.Namespace) }}
{{- range $services }}
{{- $names = append $names (printf "%s-%s" $.Release.Name .) }}
{{- end }}
- { name: AUTH, value: "off" }
- { name: AUTH_OFF_I_UNDERSTAND, value: "true" }
- { name: BIND_ADDRESS, value: 0.0.0.0 }
- { name: ALLOWED_HOSTS, value: {{ join "," (concat $names .Values.access.allowedHosts) | quote }} }
{{- end }}
- { name: TRUSTED_PROXIES, value: {{ join "," .Values.access.trustedProxies | quote }} }
- { name: PUBLIC_URL, value: {{ .Values.access.publicUrl | quote }} }
- { name: ALLOWED_ORIGINS, value: {{ join "," .Values.access.allowedOrigins | quote }} }
{{- end }}

{{- define "fx.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "fx.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "fx.databaseEgress" -}}
- ports:
    - { port: {{ .Values.networkPolicy.databasePort }} }
  {{- with .Values.networkPolicy.databaseTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
