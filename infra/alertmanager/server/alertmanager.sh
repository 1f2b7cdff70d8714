#!/usr/bin/env bash
# A real Alertmanager without Docker: Debian's package, or the one that is on PATH. It groups the alerts of Prometheus and
# sends them on.
#
#   alertmanager.sh install DIR                          install it where it is not there yet (Debian, as root)
#   alertmanager.sh start DIR [PORT [DATA]]              run in the foreground until Ctrl+C
#   alertmanager.sh start-background DIR [PORT [DATA]]   run in the background; returns when it answers
#   alertmanager.sh status DIR [PORT]                    say whether it runs, and what it is
#   alertmanager.sh stop DIR [PORT]                      stop what start-background started
#   alertmanager.sh configure DIR [PORT [DATA]]          write DATA/alertmanager.yml, check it, and print where it is
#   alertmanager.sh run DIR amtool [ARGUMENT...]         run amtool
#
# PORT is 9093 and DATA is DIR/data unless given. It listens on 127.0.0.1 only, without security and without a cluster.
# Where alerts go, the environment says; what is not named is told nothing. docs/alerting.md has an example of each.
#
#   ALERT_LANGUAGE             fr or en; fr
#   ALERT_SLACK_URL_FILE       a file with the address of an incoming webhook of Slack's
#   ALERT_EMAIL_TO             addresses, with commas between them, and with ALERT_EMAIL_FROM, ALERT_SMTP_SERVER (HOST:PORT),
#                              ALERT_SMTP_USER, ALERT_SMTP_PASSWORD_FILE, ALERT_SMTP_TLS (false for a server without)
#   ALERT_PAGERDUTY_KEY_FILE   a file with an integration's key; ALERT_PAGERDUTY_URL where the account is not in the US
#   ALERT_WEBHOOK_URL          the address of a webhook, or ALERT_WEBHOOK_URL_FILE, a file with it (Alertmanager 0.26);
#                              ALERT_WEBHOOK_TOKEN_FILE, a file with the token to send along
#   GRAFANA_URL                where dashboards are; http://localhost:3000
#   RUNBOOKS_URL               where docs/runbooks is to be read; unless given, messages have the path alone
#
# ALERT_SLACK_URL_FILE, ALERT_EMAIL_TO and ALERT_PAGERDUTY_KEY_FILE may be followed by _API, _DATA or _ML: for that team.
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Alertmanager, and none that could be installed.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail
umask 077 # an address of a webhook may be in the configuration, and in what is printed of it

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"
source "$here/../../debian.sh"
source "$here/receivers.sh"

usage() { sed -n '2,30s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "alertmanager.sh: $1" >&2; exit "${2:-1}"; }

install() {
  installed || install_package prometheus-alertmanager "Put alertmanager and amtool on PATH: https://prometheus.io/download/"
}

installed() { find_program > /dev/null && command -v amtool > /dev/null; }

find_program() { command -v alertmanager || command -v prometheus-alertmanager; } # Debian calls it so

prepare() {
  installed || fail "no Alertmanager found. Run: alertmanager.sh install $dir" 3
  mkdir -p "$data"
  check_settings
  write_links > "$data/links.tmpl"
  { write_routes; write_receivers; } > "$data/alertmanager.yml"
  unset ALERT_WEBHOOK_URL # the server's environment has no secret
  amtool check-config "$data/alertmanager.yml" > "$data/check.log" 2>&1 || refused
  command=("$(find_program)" "--$mark" --cluster.listen-address= --config.file="$data/alertmanager.yml"
    --storage.path="$data/alerts")
}

write_routes() { # what of alertmanager.yml is not receivers
  sed "s#templates/links#$(escaped "$data")/links#; s#templates/fr#templates/${ALERT_LANGUAGE:-fr}#
    s#\"templates/#\"$(escaped "$here")/../templates/#; /^receivers:/,\$d" "$here/../alertmanager.yml"
}

write_links() {
  printf '{{ define "trilog.grafana" }}%s{{ end }}\n' "$(without_slash "${GRAFANA_URL:-http://localhost:3000}")"
  printf '{{ define "trilog.runbooks" }}%s{{ end }}\n' "${RUNBOOKS_URL:+$(without_slash "$RUNBOOKS_URL")/}"
}

without_slash() { printf '%s' "${1%/}"; }

refused() {
  ! grep -q 'field url_file not found' "$data/check.log" ||
    fail "ALERT_WEBHOOK_URL_FILE needs Alertmanager 0.26; this one is $(version). Set ALERT_WEBHOOK_URL, and keep what is secret in ALERT_WEBHOOK_TOKEN_FILE" 2
  fail "the configuration cannot work; what amtool says is in $data/check.log"
}

ready() { answers_well /-/ready; }

version() { "$(find_program)" --version 2>&1 | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

take 9093 "$@"
name=Alertmanager address=http://127.0.0.1:$port mark=web.listen-address=127.0.0.1:$port

case $action in
  status) ready || { echo "Alertmanager does not run on port $port"; exit 1; }; echo "Alertmanager $(version) answers at $address" ;;
  configure) prepare; echo "$data/alertmanager.yml" ;;
  run) [ "${3:-}" = amtool ] || usage; shift 3; exec amtool "$@" ;;
  *) act ;;
esac
