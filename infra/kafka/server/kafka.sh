#!/usr/bin/env bash
# A real single-node Kafka without Docker: the published jars from Maven Central, and Java 17 or newer.
#
#   kafka.sh install DIR                          fetch it; does nothing when that is done already, for another DIR too:
#                                                 what is fetched is kept in the user's cache
#   kafka.sh start DIR [PORT [DATA]]              run in the foreground until Ctrl+C
#   kafka.sh start-background DIR [PORT [DATA]]   run in the background; returns when it answers
#   kafka.sh status DIR [PORT]                    say whether it runs, and what it is
#   kafka.sh stop DIR [PORT]                      stop what start-background started
#   kafka.sh run DIR COMMAND [ARGUMENT...]        run one of Kafka's commands: kafka-topics, kafka-consumer-groups,
#                                                 kafka-console-producer, kafka-console-consumer, kafka-configs
#
# PORT is 9092 and DATA is DIR/data unless given. It listens on 127.0.0.1 only, without security; its controller listens on
# the port after PORT, or on KAFKA_CONTROLLER_PORT. Lines of the file KAFKA_PROPERTIES win over server.properties.
# Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Java 17 or newer or no Maven.
#
# It is KRaft: Kafka 4 has no Zookeeper any more. One node has one replica of everything: for tests and development.
#
# Written for bash 3.2, which is what macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../server.sh"

usage() { sed -n '2,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "kafka.sh: $1" >&2; exit "${2:-1}"; }

javas() { # the programs that may be Java, the user's own choice first
  if [ -n "${JAVA_HOME:-}" ]; then echo "$JAVA_HOME/bin/java"; fi
  command -v java || true
  if [ -x /usr/libexec/java_home ]; then echo "$(/usr/libexec/java_home -v 17+ 2>/dev/null || true)/bin/java"; fi
  printf '%s/bin/java\n' /usr/lib/jvm/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    {/opt/homebrew,/usr/local}/opt/openjdk*/libexec/openjdk.jdk/Contents/Home # Homebrew does not link it
}

find_java() {
  local each major
  while IFS= read -r each; do
    [ -x "$each" ] || continue
    major=$("$each" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    if [ "${major:-0}" -ge 17 ]; then echo "$each"; return; fi
  done < <(javas)
  fail "no Java of 17 or newer found. Install one (Debian: default-jre-headless, macOS: brew install openjdk) or set JAVA_HOME." 3
}

install() {
  local stamp cache built
  stamp=$(cksum < "$here/pom.xml")
  [ "$(cat "$dir/server/stamp" 2>/dev/null)" = "$stamp" ] && return
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/trilog
  built=$cache/kafka-${stamp%% *}
  if [ "$(cat "$built/stamp" 2>/dev/null)" != "$stamp" ]; then fetch; fi
  rm -rf "$dir/server"
  ln -s "$built" "$dir/server"
}

fetch() { # into $fetching, so that an interrupted installation leaves nothing that looks finished
  java=$(find_java)
  command -v mvn >/dev/null || fail "no Maven found. Install it (Debian: maven, macOS: brew install maven)." 3
  echo "Installing Kafka $(version) into $built ..." >&2
  mkdir -p "$cache"
  fetching=$(mktemp -d "$cache/installing.XXXXXX")
  trap 'rm -rf "$fetching"' EXIT
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$fetching/lib" \
    || fail "Maven could not fetch the jars. Check the network, or the mirror in ~/.m2/settings.xml."
  echo "$stamp" > "$fetching/stamp"
  rm -rf "$built"
  mv "$fetching" "$built"
}

version() { sed -n 's:.*<kafka.version>\(.*\)</.*:\1:p' "$here/pom.xml"; }

java_command() { # logging configuration: the C1 compiler and the serial collector start soonest
  java=$(find_java)
  [ -f "$dir/server/stamp" ] || fail "nothing is installed in $dir. Run: kafka.sh install $dir"
  command=("$java" -Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.awt.headless=true
    "-Dlog4j2.configurationFile=$here/$1" -cp "$dir/server/lib/*")
}

prepare() {
  java_command log4j2.properties
  mkdir -p "$data"
  sed "s#@DATA@#$(escaped "$data")#; s#@PORT@#$port#g; s#@CONTROLLER_PORT@#${KAFKA_CONTROLLER_PORT:-$((port + 1))}#g" \
    "$here/server.properties" ${KAFKA_PROPERTIES:+"$KAFKA_PROPERTIES"} > "$properties"
  [ -f "$data/logs/meta.properties" ] ||
    "${command[@]}" kafka.tools.StorageTool format --cluster-id "$(cluster_id)" --config "$properties" > "$data/format.log" ||
    fail "the data folder cannot be formatted; what Kafka says is in $data/format.log"
  command+=(kafka.Kafka "$properties")
}

cluster_id() { head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c 1-22; } # 16 bytes in base64, no sign in front

answers() { # asked which requests it knows (ApiVersions), a broker sends an answer
  (
    exec 3<> "/dev/tcp/127.0.0.1/$port"
    printf '\0\0\0\012\0\022\0\0\0\0\0\001\377\377' >&3
    [ "$(head -c 8 <&3 | tail -c 1 | od -An -tu1 | tr -d ' ')" = 1 ]
  ) 2>/dev/null
}

ready() { answers && grep -q 'Kafka Server started' "$log"; }

run() {
  local class
  case ${1:-} in
    kafka-topics) class=org.apache.kafka.tools.TopicCommand ;;
    kafka-consumer-groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
    kafka-console-producer) class=org.apache.kafka.tools.ConsoleProducer ;;
    kafka-console-consumer) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
    kafka-configs) class=kafka.admin.ConfigCommand ;;
    *) usage ;;
  esac
  shift
  java_command tools.properties
  exec "${command[@]}" "$class" "$@"
}

take 9092 "$@"
properties=$data/server.properties
name=Kafka address=127.0.0.1:$port mark=$dir/server/lib/

case $action in
  status) answers || { echo "Kafka does not run on port $port"; exit 1; }; echo "Kafka $(version) answers at 127.0.0.1:$port" ;;
  run) shift 2; run "$@" ;;
  *) act ;;
esac
