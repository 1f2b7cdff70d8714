# Kafka on this machine, without Docker.
KAFKA_SH := infra/kafka/server/kafka.sh
KAFKA_DIR := .tools/kafka

.PHONY: kafka-up kafka-down

kafka-up:  ## Kafka on 127.0.0.1:9092, by Java (17+) and Maven; its data stays in .tools/kafka
	@$(KAFKA_SH) install $(KAFKA_DIR) && $(KAFKA_SH) start-background $(KAFKA_DIR)

kafka-down:  ## stop what kafka-up started; the data stays
	@$(KAFKA_SH) stop $(KAFKA_DIR)
