#!/usr/bin/env bash
# LocalStack without Docker: 4.14.0, the last release that needs no token, with Lambda functions as processes.
#
#   localstack.sh install DIR                    fetch and build it; does nothing when that is done already
#   localstack.sh start DIR [PORT]               run in the foreground until Ctrl+C
#   localstack.sh start-background DIR [PORT]    run in the background; returns when it answers
#   localstack.sh status DIR [PORT]              say whether it runs, and what it offers
#   localstack.sh stop DIR [PORT]                stop what start-background started
#
# PORT is 4566 unless given. It listens on 127.0.0.1 only; clients set AWS_ENDPOINT_URL=http://127.0.0.1:4566 (the
# address rather than localhost: the AWS SDKs then address buckets by path). What it holds ends with it.
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Python of 3.13 or newer.
#
# Functions run on the Python that LocalStack runs on, 3.13 where there is one: package and deploy them for that.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../server.sh"
PATH=$PATH:$here/../../.venv/bin # make install-dev puts uv there
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} # as pip does

usage() { sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "localstack.sh: $1" >&2; exit "${2:-1}"; }

make_environment() { # a new virtual environment, lock file
  if command -v uv >/dev/null; then uv venv --quiet --python "$python" "$1"; else "$python" -m venv "$1"; fi
  add_to "$1" --require-hashes --requirement "$2"
}

add_to() { # a virtual environment, what pip is to install there
  local environment=$1
  shift
  if command -v uv >/dev/null; then
    uv pip install --quiet --python "$environment/bin/python" --no-deps "$@"
  else
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$@"
  fi
}

install() {
  local stamp
  stamp=$(cat "$here"/localstack.sh "$here"/*.lock "$here"/pyproject.toml "$here"/process_executor/*.py | cksum)
  [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ] && return
  python=$("$here/../python.sh" --install 3.13 3.14 3.15) || exit
  echo "Installing LocalStack into $dir ..." >&2
  rm -rf "$dir/stamp" "$dir/server" "$dir/functions" "$dir/source" "$dir/cache"
  mkdir "$dir/source" # building leaves files beside the sources
  cp -R "$here/pyproject.toml" "$here/process_executor" "$dir/source/"
  make_environment "$dir/server" "$here/requirements.lock"
  add_to "$dir/server" --no-build-isolation "$dir/source" # the lock file has what builds it, too
  make_environment "$dir/functions" "$here/requirements-functions.lock"
  echo "$stamp" > "$dir/stamp"
}

prepare() {
  [ -f "$dir/stamp" ] || fail "nothing is installed in $dir. Run: localstack.sh install $dir"
  rm -rf "$state"
  mkdir -p "$state/tmp"
  command=("$dir/server/bin/python" -m localstack.runtime.main)
  export SERVICES=s3,sqs,sns,lambda,events,scheduler,cloudformation,iam,sts,logs,cloudwatch,ssm,secretsmanager
  export GATEWAY_SERVER=loopback LAMBDA_RUNTIME_EXECUTOR=process # infra/localstack/process_executor
  export LAMBDA_PYTHON=$dir/functions/bin/python
  export GATEWAY_LISTEN=127.0.0.1:$port LOCALSTACK_HOST=127.0.0.1:$port SQS_ENDPOINT_STRATEGY=path DNS_ADDRESS=0
  export FILESYSTEM_ROOT=$state TMPDIR=$state/tmp XDG_CACHE_HOME=$dir/cache
  export DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 # nothing is reported home, nothing fetched
  # On AWS a message starts its function at once; here queues are looked at so often (seconds).
  export LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC=0.1 LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC=0.25
}

answer() { # what LocalStack says about its services, asked by bash itself: a fresh Debian has no curl
  (
    exec 3<> "/dev/tcp/127.0.0.1/$port"
    printf 'GET /_localstack/health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
    tr -d '\r' <&3 | sed '1,/^$/d' | grep '"services"'
  ) 2>/dev/null
}

ready() { answer >/dev/null; }

stop() {
  running || { rm -f "$pid_file"; echo "LocalStack does not run on port $port"; return; }
  local pid tries=0
  pid=$(cat "$pid_file")
  kill "$pid"
  while running; do
    tries=$((tries + 1))
    if [ "$tries" = 100 ]; then kill -9 "$pid" 2>/dev/null || true; fi
    sleep 0.1
  done
  rm -rf "$pid_file" "$state"
  echo "LocalStack on port $port is stopped"
}

take 4566 "$@"
state=$dir/state-$port
log=$state/localstack.log
name=LocalStack address=http://127.0.0.1:$port mark=$dir/server

case $action in
  status) answer || { echo "LocalStack does not run on port $port"; exit 1; } ;;
  *) act ;;
esac
