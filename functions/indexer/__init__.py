"""The indexer: a batch in the store becomes documents in a sink."""
