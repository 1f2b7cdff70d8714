"""The metrics projection: what the batches tell, as counters and histograms that Prometheus scrapes."""
