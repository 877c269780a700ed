{{- /* Names, labels and images. The argument of most is a dict: root (the root context), component, tool. */ -}}

{{- define "boombap.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- /* The name of a CronJob has at most 52 characters, and what follows here up to 17. */ -}}
{{- default $full .Values.fullnameOverride | trunc 35 | trimSuffix "-" -}}
{{- end -}}

{{- define "boombap.name" -}}
{{ include "boombap.fullname" .root }}-{{ .component }}
{{- end -}}

{{- /* A selector cannot be changed, so it has no version. */ -}}
{{- define "boombap.selectorLabels" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "boombap.labels" -}}
{{ include "boombap.selectorLabels" . }}
app.kubernetes.io/part-of: boombap
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "boombap.serviceAccountName" -}}
{{- $account := .Values.serviceAccount -}}
{{- default (ternary (include "boombap.fullname" .) "default" $account.create) $account.name -}}
{{- end -}}

{{- define "boombap.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := printf "%s/%s-%s" $image.registry $image.repository .tool -}}
{{- with index $image.digests .tool -}}
{{ $name }}@{{ . }}
{{- else -}}
{{ $name }}:{{ default .root.Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}
