"""Ours: an object of a store into three indexes.

python -m tests.bench.measured.ours STORE KEY ELASTICSEARCH_URL
"""

from __future__ import annotations

import sys

from functions.indexer.index import Indexing
from functions.pipeline.wiring import open_parser, open_sink, open_store
from tests.bench.measured.figures import tell


def index(store: str, key: str, url: str) -> dict[str, int]:
    """Index an object; count its records and their documents."""
    environment = {"PIPELINE_STORE": store, "ELASTICSEARCH_URL": url}
    with open_sink(environment) as sink:
        tally = Indexing(key, open_store(environment), open_parser(environment), sink).run()
    if not tally.conserved:
        raise SystemExit(f"{key}: {tally.records} records, and not all of them in the log index")
    return {"records": tally.records, "documents": (tally.created + tally.duplicates).total()}


if __name__ == "__main__":
    tell(lambda: index(*sys.argv[1:]))
