{{- /* What the service and the sync of deps share: the claim, the policy, the place of the databases. */ -}}

{{- define "boombap.depsClaim" -}}
{{- with .root.Values.deps.persistence -}}
{{- if .enabled }}{{ default (printf "%s-deps" (include "boombap.fullname" $.root)) .existingClaim }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "boombap.depsEnv" -}}
- name: BOOMBAP_DEPS_POLICY
  value: /etc/boombap/policy.toml
{{- if .root.Values.deps.waivers }}
- name: BOOMBAP_DEPS_WAIVERS
  value: /etc/boombap/waivers.toml
{{- end }}
{{- end -}}

{{- define "boombap.depsMounts" -}}
{{ include "boombap.mounts" . }}
- name: policy
  mountPath: /etc/boombap
  readOnly: true
{{- end -}}

{{- define "boombap.depsVolumes" -}}
{{ include "boombap.volumes" (merge (dict "claim" (include "boombap.depsClaim" .)) .) }}
- name: policy
  configMap:
    name: {{ include "boombap.fullname" .root }}-deps
{{- end -}}
