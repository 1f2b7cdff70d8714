# Starts an Elasticsearch node from what infra/elasticsearch/server/elasticsearch.sh installed, by a JDK of 21 or newer.
server=$1/server
for jdk in "$JAVA_HOME" /usr/lib/jvm/*; do
	"$jdk/bin/javac" --release 21 -proc:none -cp "$server/lib/*" -d classes ElasticsearchNode.java 2>/dev/null && break
done
exec "$jdk/bin/java" -Xmx512m -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector \
	-cp "classes:$server/lib/*" ElasticsearchNode "$server" elasticsearch-config "$PORT"
