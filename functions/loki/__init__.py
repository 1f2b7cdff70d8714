"""The Loki projection on one machine: what the batches tell of ingestion runs, as log lines that Grafana shows."""
