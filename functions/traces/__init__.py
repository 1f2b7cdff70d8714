"""The traces projection on one machine: what the batches tell of transactions, as spans over OTLP."""
