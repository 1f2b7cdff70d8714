#!/usr/bin/env bash
# A real single-node Elasticsearch without Docker: the published jars from Maven Central, and a JDK of 21 or newer.
#
#   elasticsearch.sh install DIR                          fetch and build it; does nothing when that is done already,
#                                                         for another DIR too: what is built is kept in the user's cache
#   elasticsearch.sh start DIR [PORT [DATA]]              run in the foreground until Ctrl+C
#   elasticsearch.sh start-background DIR [PORT [DATA]]   run in the background; returns when it answers
#   elasticsearch.sh status DIR [PORT]                    say whether it runs, and what it is
#   elasticsearch.sh stop DIR [PORT]                      stop what start-background started
#
# PORT is 9200 and DATA is DIR/data unless given. It listens on 127.0.0.1 only, without security.
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no JDK of 21 or newer or no Maven.
#
# It has what the published jars have: indexes, templates, bulk, search, aggregations, aliases, flattened, nested. It lacks
# data streams, ILM, security, ingest processors, painless and Kibana: infra/elasticsearch/compose.yml has all of them.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"

usage() { sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "elasticsearch.sh: $1" >&2; exit "${2:-1}"; }

java_homes() { # the places where a JDK may be, the user's own choice first
  echo "${JAVA_HOME:-}"
  if command -v java >/dev/null; then
    java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p' || true # macOS has a java that only complains
  fi
  if [ -x /usr/libexec/java_home ]; then /usr/libexec/java_home -v 21+ 2>/dev/null || true; fi
  printf '%s\n' /usr/lib/jvm/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    {/opt/homebrew,/usr/local}/opt/openjdk*/libexec/openjdk.jdk/Contents/Home # Homebrew does not link it
}

is_jdk_21() {
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 1
  local major
  major=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${major:-0}" -ge 21 ]
}

find_jdk() {
  local home
  while IFS= read -r home; do
    if is_jdk_21 "$home"; then echo "$home"; return; fi
  done < <(java_homes)
  fail "no JDK of 21 or newer found. Install one (Debian: openjdk-21-jdk, macOS: brew install openjdk@21) or set JAVA_HOME." 3
}

describe_module() { # name, class: Elasticsearch loads a module only with this file beside its jars
  printf '%s\n' "description=$1" "version=$version" "name=$1" "classname=$2" java.version=21 \
    "elasticsearch.version=$version" > "$building/modules/$1/plugin-descriptor.properties"
}

build() { # into $building, so that an interrupted installation leaves nothing that looks finished
  local modules=$building/modules classes=$building/classes
  mkdir -p "$building/config" "$building/plugins" "$building/lib" "$modules/transport-netty4" "$modules/root-info" "$classes"
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$building/lib" \
    || fail "Maven could not fetch the jars. Check the network, or the mirror in ~/.m2/settings.xml."
  mv "$building"/lib/netty-*.jar "$building"/lib/transport-netty4-*.jar "$modules/transport-netty4/"
  "$jdk/bin/javac" --release 21 -proc:none -cp "$building/lib/*" -d "$classes" "$here"/src/*.java
  "$jdk/bin/jar" cf "$modules/root-info/root-info.jar" -C "$classes" RootInfo.class -C "$classes" 'RootInfo$Handler.class'
  rm "$classes"/RootInfo*.class
  describe_module transport-netty4 org.elasticsearch.transport.netty4.Netty4Plugin
  describe_module root-info RootInfo
}

install() {
  local stamp cache built
  stamp=$(cat "$here/pom.xml" "$here"/src/*.java "$here/elasticsearch.sh" | cksum)
  [ "$(cat "$dir/server/stamp" 2>/dev/null)" = "$stamp" ] && return
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/trilog
  built=$cache/elasticsearch-${stamp%% *}
  if [ "$(cat "$built/stamp" 2>/dev/null)" != "$stamp" ]; then build_anew; fi
  rm -rf "$dir/server"
  ln -s "$built" "$dir/server"
}

build_anew() {
  jdk=$(find_jdk)
  command -v mvn >/dev/null || fail "no Maven found. Install it (Debian: maven, macOS: brew install maven)." 3
  version=$(sed -n 's:.*<elasticsearch.version>\(.*\)</.*:\1:p' "$here/pom.xml")
  echo "Installing Elasticsearch $version into $built ..." >&2
  mkdir -p "$cache"
  building=$(mktemp -d "$cache/installing.XXXXXX")
  trap 'rm -rf "$building"' EXIT
  build
  echo "$stamp" > "$building/stamp"
  rm -rf "$built"
  mv "$building" "$built"
}

java_command() {
  jdk=$(find_jdk)
  [ -f "$dir/server/stamp" ] || fail "nothing is installed in $dir. Run: elasticsearch.sh install $dir"
  mkdir -p "$data"
  # The C1 compiler and the serial collector start soonest, which is what tests and a laptop want.
  command=("$jdk/bin/java" -Xms256m -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData
    --enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector
    -cp "$dir/server/classes:$dir/server/lib/*" Launcher "$dir/server" "$data" "$port")
}

answer() { # what GET / says, asked by bash itself: a fresh Debian has no curl
  (
    exec 3<> "/dev/tcp/127.0.0.1/$port"
    printf 'GET / HTTP/1.0\r\n\r\n' >&3
    tr -d '\r' <&3 | sed '1,/^$/d' | grep .
  ) 2>/dev/null
}

ready() { answer >/dev/null; }

refuse() {
  running && fail "a server runs on port $port already (process $(cat "$pid_file"))"
  ready && fail "port $port is taken by another server"
  return 0
}

take 9200 "$@"
name=Elasticsearch address=http://127.0.0.1:$port mark="Launcher $dir/server" kill_with=-TERM

case $action in
  install) install ;;
  start) java_command; exec "${command[@]}" ;;
  start-background) java_command; refuse; start_background ;;
  status) answer || { echo "Elasticsearch does not run on port $port"; exit 1; } ;;
  stop) stop ;;
  *) usage ;;
esac
