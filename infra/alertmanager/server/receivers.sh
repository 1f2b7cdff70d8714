# The receivers of alertmanager.yml, as the environment names them (docs/alerting.md lists its variables). The script of
# the server sources this; it has the function `fail`. Secrets stay in the files that they are in.
#
# Written for bash 3.2, which is what macOS has.

check_settings() {
  local name
  for name in ${!ALERT_@}; do
    case ${!name} in *[[:cntrl:]]*) fail "$name has a line break, or another control character, in it" 2 ;; esac
    case $name in *_FILE | *_FILE_*) [ -z "${!name}" ] || [ -r "${!name}" ] || fail "$name: no file ${!name} that can be read" 2 ;; esac
  done
  for name in ALERT_WEBHOOK_URL ALERT_PAGERDUTY_URL GRAFANA_URL RUNBOOKS_URL; do
    case ${!name:-} in *[[:space:]\"\'\\{}\<\>]*) fail "$name is no address" 2 ;; esac
  done
  case ${ALERT_LANGUAGE:-fr} in fr | en) ;; *) fail "ALERT_LANGUAGE is fr or en, not $ALERT_LANGUAGE" 2 ;; esac
  case ${ALERT_SMTP_TLS:-true} in true | false) ;; *) fail "ALERT_SMTP_TLS is true or false, not $ALERT_SMTP_TLS" 2 ;; esac
  [ -z "${ALERT_EMAIL_TO:-}${ALERT_EMAIL_TO_API:-}${ALERT_EMAIL_TO_DATA:-}${ALERT_EMAIL_TO_ML:-}" ] || check_email
}

check_email() {
  [ -n "${ALERT_EMAIL_FROM:-}" ] || fail "ALERT_EMAIL_TO needs ALERT_EMAIL_FROM: the address that alerts come from" 2
  [ -n "${ALERT_SMTP_SERVER:-}" ] || fail "ALERT_EMAIL_TO needs ALERT_SMTP_SERVER: HOST:PORT of a mail server" 2
  [ -z "${ALERT_SMTP_USER:-}" ] || [ -n "${ALERT_SMTP_PASSWORD_FILE:-}" ] ||
    fail "ALERT_SMTP_USER needs ALERT_SMTP_PASSWORD_FILE: a file with the password" 2
  [ -z "${ALERT_SMTP_USER:-}" ] || [ -n "$(tail -c 1 "$ALERT_SMTP_PASSWORD_FILE")" ] || # Alertmanager 0.25 takes it whole
    fail "$ALERT_SMTP_PASSWORD_FILE is empty or ends with a line break, which is no part of the password. Write it by printf %s" 2
}

write_receivers() { # a receiver has the parts that are configured, for its team or for all
  local team
  printf 'receivers:\n'
  for team in others api data ml; do
    printf '  - name: %s\n' $team
    slack "$(of_team ALERT_SLACK_URL_FILE $team)"
    email "$(of_team ALERT_EMAIL_TO $team)"
    webhook
    printf '  - name: on-call-%s\n' $team
    pagerduty "$(of_team ALERT_PAGERDUTY_KEY_FILE $team)"
  done
}

of_team() { # a variable's name, a team: what the team has of its own, or what all have
  local own
  own=$1_$(printf '%s' "$2" | tr '[:lower:]' '[:upper:]')
  printf '%s' "${!own:-${!1:-}}"
}

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; } # a value of YAML, whatever is in it

whole() { quoted "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; } # the whole path of a file

slack() { # the file with the address of an incoming webhook
  [ -n "$1" ] || return 0
  cat <<YAML
    slack_configs:
      - api_url_file: $(whole "$1")
        send_resolved: true
        color: '{{ template "trilog.color" . }}'
        title: '{{ template "trilog.slack.title" . }}'
        title_link: '{{ with index (or .Alerts.Firing .Alerts) 0 }}{{ if .Annotations.dashboard }}{{ template "trilog.dashboard" . }}{{ end }}{{ end }}'
        fallback: '{{ template "trilog.slack.title" . }}'
        text: '{{ template "trilog.slack.text" . }}'
        mrkdwn_in: [pretext] # there is none: what stands in a label is no markup
YAML
}

email() { # addresses, with commas between them
  [ -n "$1" ] || return 0
  cat <<YAML
    email_configs:
      - to: $(quoted "$1")
        from: $(quoted "$ALERT_EMAIL_FROM")
        smarthost: $(quoted "$ALERT_SMTP_SERVER")
        require_tls: ${ALERT_SMTP_TLS:-true}
        send_resolved: true
        headers: {Subject: '{{ template "trilog.subject" . }}'}
        html: '{{ template "trilog.html" . }}'
        text: '{{ template "trilog.text" . }}'
YAML
  [ -n "${ALERT_SMTP_USER:-}" ] || return 0
  cat <<YAML
        auth_username: $(quoted "$ALERT_SMTP_USER")
        auth_password_file: $(whole "$ALERT_SMTP_PASSWORD_FILE")
YAML
}

webhook() {
  [ -n "${ALERT_WEBHOOK_URL:-}${ALERT_WEBHOOK_URL_FILE:-}" ] || return 0
  printf '    webhook_configs:\n'
  if [ -n "${ALERT_WEBHOOK_URL_FILE:-}" ]; then
    printf '      - url_file: %s\n' "$(whole "$ALERT_WEBHOOK_URL_FILE")"
  else
    printf '      - url: "%s"\n' "$ALERT_WEBHOOK_URL"
  fi
  cat <<YAML
        send_resolved: true
        max_alerts: 100
YAML
  [ -n "${ALERT_WEBHOOK_TOKEN_FILE:-}" ] || return 0
  cat <<YAML
        http_config: {authorization: {credentials_file: $(whole "$ALERT_WEBHOOK_TOKEN_FILE")}}
YAML
}

pagerduty() { # the file with the key of an integration of Events API v2
  [ -n "$1" ] || return 0
  cat <<YAML
    pagerduty_configs:
      - routing_key_file: $(whole "$1")
        url: $(quoted "${ALERT_PAGERDUTY_URL:-https://events.pagerduty.com/v2/enqueue}")
        send_resolved: true
        client: Trilog
        client_url: '{{ template "trilog.grafana" . }}'
        description: '{{ template "trilog.title" . }}'
        severity: '{{ template "trilog.severity" . }}'
        component: '{{ template "trilog.component" . }}'
        class: '{{ printf "%.100s" .CommonLabels.alertname }}'
        group: '{{ printf "%.100s" .CommonLabels.team }}'
        details: # these two have all labels of all alerts, unless they are given
          firing: '{{ template "trilog.text.alerts" .Alerts.Firing }}'
          resolved: '{{ template "trilog.text.alerts" .Alerts.Resolved }}'
        links:
          - href: '{{ with index (or .Alerts.Firing .Alerts) 0 }}{{ if .Annotations.dashboard }}{{ template "trilog.dashboard" . }}{{ end }}{{ end }}'
            text: Grafana
YAML
}
