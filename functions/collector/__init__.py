"""The collector: new log lines of a source become batches in the store."""
