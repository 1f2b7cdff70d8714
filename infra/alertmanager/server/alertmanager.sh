#!/usr/bin/env bash
# A real Alertmanager without Docker: Debian's package, or the one that is on PATH. It groups the alerts of Prometheus and
# sends them on.
#
#   alertmanager.sh install DIR                          install it where it is not there yet (Debian, as root)
#   alertmanager.sh start DIR [PORT [DATA]]              run in the foreground until Ctrl+C
#   alertmanager.sh start-background DIR [PORT [DATA]]   run in the background; returns when it answers
#   alertmanager.sh status DIR [PORT]                    say whether it runs, and what it is
#   alertmanager.sh stop DIR [PORT]                      stop what start-background started
#   alertmanager.sh run DIR amtool [ARGUMENT...]         run amtool
#
# PORT is 9093 and DATA is DIR/data unless given. It listens on 127.0.0.1 only, without security and without a cluster.
# ALERT_WEBHOOK_URL is where alerts are sent; as it may have a secret in it, only its owner can read what is made of it.
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Alertmanager, and none that could be installed.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail
umask 077 # the address of the webhook is in the configuration, and may be in what is printed of it

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"
source "$here/../../debian.sh"

usage() { sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "alertmanager.sh: $1" >&2; exit "${2:-1}"; }

install() {
  installed || install_package prometheus-alertmanager "Put alertmanager and amtool on PATH: https://prometheus.io/download/"
}

installed() { find_program > /dev/null && command -v amtool > /dev/null; }

find_program() { command -v alertmanager || command -v prometheus-alertmanager; } # Debian calls it so

prepare() {
  installed || fail "no Alertmanager found. Run: alertmanager.sh install $dir" 3
  mkdir -p "$data"
  local url=${ALERT_WEBHOOK_URL:-} line
  case $url in *[[:space:]\"\'\\]*) fail "ALERT_WEBHOOK_URL is no address" 2 ;; esac
  while IFS= read -r line; do
    case ${url:+$line} in *http://127.0.0.1:9095/alerts*) line="${line%%http*}$url\"" ;; esac
    printf '%s\n' "$line"
  done < "$here/../alertmanager.yml" > "$data/alertmanager.yml"
  amtool check-config "$data/alertmanager.yml" > "$data/check.log" 2>&1 ||
    fail "the configuration cannot work; what amtool says is in $data/check.log"
  command=("$(find_program)" "--$mark" --cluster.listen-address= --config.file="$data/alertmanager.yml"
    --storage.path="$data/alerts")
}

ready() { answers_well /-/ready; }

version() { "$(find_program)" --version 2>&1 | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

take 9093 "$@"
name=Alertmanager address=http://127.0.0.1:$port mark=web.listen-address=127.0.0.1:$port

case $action in
  status) ready || { echo "Alertmanager does not run on port $port"; exit 1; }; echo "Alertmanager $(version) answers at $address" ;;
  run) [ "${3:-}" = amtool ] || usage; shift 3; exec amtool "$@" ;;
  *) act ;;
esac
