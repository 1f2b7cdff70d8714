"""Grafana Loki 3: `sink.py` pushes ingestion runs, an entry each, and what could not be indexed.

Loki keeps what it is pushed and overwrites nothing. So `entries.py` makes the same entry of the same document each
time, with the document's id in it: Loki drops most repetitions itself, and queries count by id (docs/loki.md).
"""
