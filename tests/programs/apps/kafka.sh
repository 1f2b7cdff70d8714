# Starts a Kafka broker on a free port, once its folder is formatted, or without that.
sed "s/29092/$PORT/g; s/29093/$((PORT + 1))/g" kafka.properties >run.properties
[ "$1" = unformatted ] || java -Xmx256m kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c run.properties >format.log 2>&1
exec java -Xmx256m kafka.Kafka run.properties
