"""Trilog: collect an ML service's logs, keep them as batches, index them three ways."""
