#!/usr/bin/env bash
# A real Grafana Loki without Docker: one process, built from its Go module.
#
#   loki.sh install DIR                          build it (a quarter of an hour); does nothing when that is done already,
#                                                for another DIR too: what is built is kept in the user's cache
#   loki.sh start DIR [PORT [DATA]]              run in the foreground until Ctrl+C
#   loki.sh start-background DIR [PORT [DATA]]   run in the background; returns when it is ready
#   loki.sh status DIR [PORT]                    say whether it is ready, and what it is
#   loki.sh stop DIR [PORT]                      stop what start-background started
#
# PORT is 3100 and DATA is DIR/data unless given. It listens on 127.0.0.1 only, without authentication; the two ports
# after PORT are its own, or LOKI_GRPC_PORT and LOKI_MEMBER_PORT. Flags of Loki in LOKI_FLAGS win over loki.yml.
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Go.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"
version=v3.7.8 module=github.com/grafana/loki/v3

usage() { sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "loki.sh: $1" >&2; exit "${2:-1}"; }

install() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/trilog
  built=$cache/loki-$version
  [ -x "$built/loki" ] || build
  rm -rf "$dir/server"
  ln -s "$built" "$dir/server"
}

build() { # into $building, so that an interrupted build leaves nothing that looks finished
  command -v go >/dev/null || fail "no Go found. Install it (https://go.dev/dl, macOS: brew install go)." 3
  echo "Building Loki $version into $built; this takes a quarter of an hour ..." >&2
  mkdir -p "$cache"
  building=$(mktemp -d "$cache/installing.XXXXXX")
  trap 'rm -rf "$building"' EXIT
  mkdir "$building/server"
  (cd "$building" && compile) || fail "Loki could not be built. Check the network, and GOPROXY if you have a mirror."
  rm -rf "$built"
  mv "$building/server" "$built"
}

# `go install` refuses a module that has replacements. So: a module of our own, which has Loki's requirements and
# replacements and requires Loki itself. The replacement of pkg/push by a folder is left out: that is not in the module.
compile() {
  local source set=$module/pkg/util/build
  source=$(go mod download -json "$module@$version" | sed -n 's/^.*"Dir": "\(.*\)",*$/\1/p')
  [ -n "$source" ] || return 1
  cp "$source/go.mod" "$source/go.sum" .
  chmod u+w go.mod go.sum
  go mod edit -module=trilog/loki -require="$module@$version" -dropreplace=github.com/grafana/loki/pkg/push &&
    CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags "-s -w -X $set.Version=${version#v}" -o server/loki "$module/cmd/loki"
}

prepare() {
  [ -x "$dir/server/loki" ] || fail "nothing is installed in $dir. Run: loki.sh install $dir"
  mkdir -p "$data/rules"
  sed "s#@DATA@#$(escaped "$data")#g; s#@PORT@#$port#; s#@GRPC_PORT@#${LOKI_GRPC_PORT:-$((port + 1))}#
    s#@MEMBER_PORT@#${LOKI_MEMBER_PORT:-$((port + 2))}#" "$here/loki.yml" > "$data/loki.yml"
  # shellcheck disable=SC2206 (several flags)
  command=("$dir/server/loki" "-config.file=$data/loki.yml" ${LOKI_FLAGS:-})
}

ready() { curl -fso /dev/null --max-time 5 "http://127.0.0.1:$port/ready"; }

take 3100 "$@"
log=$data/loki.log
name=Loki address=http://127.0.0.1:$port mark=$dir/server/loki

case $action in
  status) ready || { echo "Loki is not ready on port $port"; exit 1; }; echo "Loki ${version#v} answers at $address" ;;
  *) act ;;
esac
