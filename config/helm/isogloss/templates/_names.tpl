{{- define "isogloss.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "isogloss.selector" -}}
app.kubernetes.io/name: isogloss
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "isogloss.labels" -}}
{{ include "isogloss.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}
