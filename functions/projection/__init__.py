"""Projections that a process of their own keeps up to date, each with its own place in the batches."""
