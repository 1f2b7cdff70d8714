"""The producer: the rows of a file become messages of a Kafka topic."""
