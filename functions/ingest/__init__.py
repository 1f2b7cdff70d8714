"""The ingest function: log records that applications and log shippers send by HTTP become batches in the store."""
