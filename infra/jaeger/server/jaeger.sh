#!/usr/bin/env bash
# A real Jaeger without Docker: one process, which takes OTLP and keeps spans for thirty days. It is the `jaeger` on PATH,
# or else built from its Go module, which has the API and not the pages.
#
#   jaeger.sh install DIR                          build it (ten minutes); does nothing when that is done already, for
#                                                  another DIR too: what is built is kept in the user's cache
#   jaeger.sh start DIR [PORT [DATA]]              run in the foreground until Ctrl+C
#   jaeger.sh start-background DIR [PORT [DATA]]   run in the background; returns when it answers
#   jaeger.sh status DIR [PORT]                    say whether it runs, and what it is
#   jaeger.sh stop DIR [PORT]                      stop what start-background started
#
# PORT is that of its pages and its API, 16686, and DATA is DIR/data unless given. It listens on 127.0.0.1 only, without
# security.
#
#   JAEGER_OTLP_PORT     where it takes OTLP over HTTP; 4318
#   JAEGER_GRPC_PORT     where its API answers gRPC; 16685
#
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Go.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"
version=v1.76.0 module=github.com/jaegertracing/jaeger # the module's version; its cmd/jaeger is Jaeger 2

usage() { sed -n '2,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "jaeger.sh: $1" >&2; exit "${2:-1}"; }

install() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/trilog
  built=$cache/jaeger-$version
  rm -rf "$dir/server"
  if command -v jaeger > /dev/null; then
    mkdir "$dir/server"
    ln -s "$(command -v jaeger)" "$dir/server/jaeger"
    return
  fi
  [ -x "$built/jaeger" ] || build
  ln -s "$built" "$dir/server"
}

build() { # into $building, so that an interrupted build leaves nothing that looks finished
  command -v go >/dev/null || fail "no Go found. Install it (https://go.dev/dl, macOS: brew install go)." 3
  echo "Building Jaeger $version into $built; this takes ten minutes ..." >&2
  mkdir -p "$cache"
  building=$(mktemp -d "$cache/installing.XXXXXX")
  trap 'rm -rf "$building"' EXIT
  mkdir "$building/server"
  (cd "$building" && compile) || fail "Jaeger could not be built. Check the network, and GOPROXY if you have a mirror."
  rm -rf "$built"
  mv "$building/server" "$built"
}

# A module of our own with Jaeger's requirements: the versions are those that it was released with.
compile() {
  local source
  source=$(go mod download -json "$module@$version" | sed -n 's/^.*"Dir": "\(.*\)",*$/\1/p')
  [ -n "$source" ] || return 1
  cp "$source/go.mod" "$source/go.sum" .
  chmod u+w go.mod go.sum
  go mod edit -module=trilog/jaeger -toolchain=none -require="$module@$version" &&
    CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags "-s -w" -o server/jaeger "$module/cmd/jaeger"
}

prepare() {
  [ -x "$dir/server/jaeger" ] || fail "nothing is installed in $dir. Run: jaeger.sh install $dir"
  mkdir -p "$data/keys" "$data/values"
  sed "s#@DATA@#$(escaped "$data")#g; s#@PORT@#$port#; s#@GRPC_PORT@#${JAEGER_GRPC_PORT:-16685}#
    s#@OTLP_PORT@#${JAEGER_OTLP_PORT:-4318}#" "$here/jaeger.yml" > "$data/jaeger.yml"
  # It would trace itself, and wait for a collector when it is stopped.
  command=(env OTEL_TRACES_SAMPLER=always_off "$dir/server/jaeger" "--config=$data/jaeger.yml")
}

ready() { curl -fso /dev/null --max-time 5 "http://127.0.0.1:$port/api/services"; }

take 16686 "$@"
name=Jaeger address=http://127.0.0.1:$port mark=$dir/server/jaeger kill_with=-TERM

case $action in
  status) ready || { echo "Jaeger does not run on port $port"; exit 1; }; echo "Jaeger answers at $address" ;;
  *) act ;;
esac
