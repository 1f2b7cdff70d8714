"""Transactions as traces over OTLP: the projection on one machine, and the package of the indexer that sends them."""
