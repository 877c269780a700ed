{{- /* What every pod and container has: "restricted" of the Pod Security Standards, settings, secrets, folders. */ -}}

{{- define "boombap.podSpec" -}}
serviceAccountName: {{ include "boombap.serviceAccountName" .root }}
automountServiceAccountToken: false
# The variables of Services look like settings: REDIS_PORT=tcp://…
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "boombap.podAnnotations" -}}
{{- /* Environment variables are read once: other settings make other pods. */ -}}
checksum/settings: {{ toJson .root.Values.settings | sha256sum }}
{{- with .root.Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "boombap.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- /* An image, its rights and its settings; needs: which secrets, of postgres, redis and spotify. */ -}}
{{- define "boombap.container" -}}
image: {{ include "boombap.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
{{ include "boombap.containerSecurity" . }}
# The end of the log, which names what is wrong, in the status of the pod.
terminationMessagePolicy: FallbackToLogsOnError
resources: {{- toYaml .resources | nindent 2 }}
envFrom:
  - configMapRef:
      name: {{ include "boombap.fullname" .root }}-settings
{{- end -}}

{{- /* A missing secret is an error of the tool (2, with the name of the variable), not a pod that never starts. */ -}}
{{- define "boombap.secretEnv" -}}
{{- $secrets := .root.Values.secrets -}}
{{- if has "postgres" .needs }}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ $secrets.postgres.name }}, key: {{ $secrets.postgres.key }}, optional: true}
{{- end }}
{{- if has "redis" .needs }}
- name: REDIS_URL
  valueFrom:
    secretKeyRef: {name: {{ $secrets.redis.name }}, key: {{ $secrets.redis.key }}, optional: true}
{{- end }}
{{- if has "spotify" .needs }}
- name: SPOTIFY_CLIENT_ID
  valueFrom:
    secretKeyRef: {name: {{ $secrets.spotify.name }}, key: {{ $secrets.spotify.idKey }}, optional: true}
- name: SPOTIFY_CLIENT_SECRET
  valueFrom:
    secretKeyRef: {name: {{ $secrets.spotify.name }}, key: {{ $secrets.spotify.secretKey }}, optional: true}
{{- end }}
{{- end -}}

{{- /* A token that is missing would open a door, so its secret is not optional: variable, secret (name, key). */ -}}
{{- define "boombap.tokenEnv" -}}
{{- if .secret.name }}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef: {name: {{ .secret.name }}, key: {{ .secret.key }}}
{{- end }}
{{- end -}}

{{- define "boombap.mounts" -}}
- name: data
  mountPath: /var/lib/boombap
- name: tmp
  mountPath: /tmp
{{- if .root.Values.state.existingClaim }}
- name: state
  mountPath: /var/lib/boombap/state
{{- end }}
{{- end -}}

{{- /* claim: what holds /var/lib/boombap; without one it is empty at the start, and holds up to size. */ -}}
{{- define "boombap.volumes" -}}
- name: data
  {{- with .claim }}
  persistentVolumeClaim:
    claimName: {{ . }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ default "64Mi" .size }}
  {{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 16Mi
{{- with .root.Values.state.existingClaim }}
- name: state
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- end -}}

{{- define "boombap.probes" -}}
{{- range $probe, $path := dict "livenessProbe" "/healthz" "readinessProbe" .ready }}
{{ $probe }}:
  httpGet:
    path: {{ $path }}
    port: http
    scheme: {{ ternary "HTTPS" "HTTP" (not (empty $.tls)) }}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}
{{- end -}}
