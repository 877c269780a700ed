{{- /* Jobs: which exit codes are final, and the CronJob that db, redis, spotify and deps share. */ -}}

{{- /* codes: no other attempt mends a wrong setting (2), no verdict (4), a bug (70); and after a used-up quota (75) the
next schedule goes on, while an attempt inside of a ban would prolong it. Others are tried again. */ -}}
{{- define "boombap.failurePolicy" -}}
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
    - action: FailJob
      onExitCodes:
        operator: In
        values: {{ toJson .codes }}
{{- end -}}

{{- define "boombap.cronJob" -}}
{{- $codes := ternary (list 1 2 4 70 75) (list 2 4 70 75) (default false .answersNo) -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "boombap.name" . }}
  labels: {{- include "boombap.labels" . | nindent 4 }}
spec:
  schedule: {{ .values.schedule | quote }}
  timeZone: {{ .root.Values.timeZone }}
  suspend: {{ .values.suspend }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: {{ .values.startingDeadlineSeconds }}
  successfulJobsHistoryLimit: {{ .root.Values.history.successful }}
  failedJobsHistoryLimit: {{ .root.Values.history.failed }}
  jobTemplate:
    metadata:
      labels: {{- include "boombap.selectorLabels" . | nindent 8 }}
    spec:
      activeDeadlineSeconds: {{ .values.activeDeadlineSeconds }}
      backoffLimit: 1
      {{- include "boombap.failurePolicy" (dict "codes" $codes) | nindent 6 }}
      template:
        metadata:
          labels: {{- include "boombap.selectorLabels" . | nindent 12 }}
          annotations: {{- include "boombap.podAnnotations" . | nindent 12 }}
        spec:
          {{- include "boombap.podSpec" . | nindent 10 }}
          {{- .pod | nindent 10 }}
{{- end -}}

{{- /* The pod of one run: args, needs, resources. A run that is ended stores what is in flight within 10 s. */ -}}
{{- define "boombap.runPod" -}}
restartPolicy: Never
terminationGracePeriodSeconds: 30
containers:
  - name: {{ .tool }}
    {{- include "boombap.container" . | nindent 4 }}
    args: {{ toJson .args }}
    env: {{- include "boombap.secretEnv" . | nindent 6 }}
    volumeMounts: {{- include "boombap.mounts" . | nindent 6 }}
volumes: {{- include "boombap.volumes" . | nindent 2 }}
{{- end -}}
