#!/usr/bin/env bash
# A real Prometheus without Docker: Debian's package, or the one that is on PATH. It scrapes `trilog metrics`, evaluates
# infra/prometheus/rules, and hands alerts to Alertmanager.
#
#   prometheus.sh install DIR                          install it where it is not there yet (Debian, as root)
#   prometheus.sh start DIR [PORT [DATA]]              run in the foreground until Ctrl+C
#   prometheus.sh start-background DIR [PORT [DATA]]   run in the background; returns when it answers
#   prometheus.sh status DIR [PORT]                    say whether it runs, and what it is
#   prometheus.sh stop DIR [PORT]                      stop what start-background started
#   prometheus.sh run DIR promtool [ARGUMENT...]       run promtool
#
# PORT is 9090 and DATA is DIR/data unless given. It listens on 127.0.0.1 only, without security.
#
#   METRICS_ADDRESS        where `trilog metrics` is scraped; 127.0.0.1:8000
#   ALERTMANAGER_ADDRESS   where Alertmanager is; 127.0.0.1:9093
#   SCRAPE_INTERVAL        how often is scraped; 15s
#   TARGETS                the folder whose files say what else is scraped; infra/prometheus/targets
#
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Prometheus, and none that could be installed.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"
source "$here/../../debian.sh"

usage() { sed -n '2,20s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "prometheus.sh: $1" >&2; exit "${2:-1}"; }

install() {
  installed || install_package prometheus "macOS: brew install prometheus; elsewhere: https://prometheus.io/download/"
}

installed() { command -v prometheus > /dev/null && command -v promtool > /dev/null; }

prepare() {
  installed || fail "no Prometheus found. Run: prometheus.sh install $dir" 3
  mkdir -p "$data"
  sed "s#127.0.0.1:8000#${METRICS_ADDRESS:-127.0.0.1:8000}#; s#127.0.0.1:9093#${ALERTMANAGER_ADDRESS:-127.0.0.1:9093}#
    s#scrape_interval: 15s#scrape_interval: ${SCRAPE_INTERVAL:-15s}#; s#rules/#$(escaped "$here")/../rules/#
    s#targets/#$(escaped "${TARGETS:-$here/../targets}")/#" \
    "$here/../prometheus.yml" > "$data/prometheus.yml"
  promtool check config "$data/prometheus.yml" > "$data/check.log" 2>&1 ||
    fail "the configuration cannot work; what promtool says is in $data/check.log"
  command=(prometheus "--$mark" --config.file="$data/prometheus.yml" --storage.tsdb.path="$data/tsdb")
}

ready() { answers_well /-/ready; }

version() { prometheus --version 2>&1 | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

take 9090 "$@"
name=Prometheus address=http://127.0.0.1:$port mark=web.listen-address=127.0.0.1:$port

case $action in
  status) ready || { echo "Prometheus does not run on port $port"; exit 1; }; echo "Prometheus $(version) answers at $address" ;;
  run) [ "${3:-}" = promtool ] || usage; shift 3; exec promtool "$@" ;;
  *) act ;;
esac
