#!/usr/bin/env bash
# A real node exporter without Docker: Debian's package, or the one that is on PATH. Prometheus scrapes it for what the
# machine does: processor, memory, disks, network.
#
#   node-exporter.sh install DIR                   install it where it is not there yet (Debian, as root)
#   node-exporter.sh start DIR [PORT]              run in the foreground until Ctrl+C
#   node-exporter.sh start-background DIR [PORT]   run in the background; returns when it answers
#   node-exporter.sh status DIR [PORT]             say whether it runs, and what it is
#   node-exporter.sh stop DIR [PORT]               stop what start-background started
#
# PORT is 9100 unless given. It listens on 127.0.0.1 only, without security.
#
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no node exporter, and none that could be installed.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"
source "$here/../../debian.sh"

usage() { sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "node-exporter.sh: $1" >&2; exit "${2:-1}"; }

install() {
  program > /dev/null || install_package prometheus-node-exporter \
    "macOS: brew install node_exporter; elsewhere: https://prometheus.io/download/"
}

program() { command -v prometheus-node-exporter || command -v node_exporter; } # as Debian calls it, and as others do

prepare() {
  mkdir -p "$data"
  command=("$(program)" "--$mark") || fail "no node exporter found. Run: node-exporter.sh install $dir" 3
}

ready() { answers_well /metrics; }

version() { "$(program)" --version 2>&1 | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

take 9100 "$@"
name="The node exporter" address=http://127.0.0.1:$port mark=web.listen-address=127.0.0.1:$port

case $action in
  status) ready || { echo "The node exporter does not run on port $port"; exit 1; }; echo "The node exporter $(version) answers at $address" ;;
  *) act ;;
esac
