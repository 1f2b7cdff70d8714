"""The baseline: what anyone would write with the official client. A dict a line, text in one index, no ids.

python -m tests.bench.measured.baseline FILE ELASTICSEARCH_URL
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from elasticsearch import Elasticsearch, OrjsonSerializer
from elasticsearch.helpers import streaming_bulk

from tests.bench.measured.figures import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

INDEX = "bench-lines"


def actions(path: Path) -> Iterator[dict[str, str]]:
    """Yield a document for each line."""
    with path.open(encoding="utf-8") as log:
        for line in log:
            yield {"_index": INDEX, "message": line.rstrip("\n")}


def index(path: Path, url: str) -> dict[str, int]:
    """Index a file's lines; count them."""
    client = Elasticsearch(url, serializers={"application/json": OrjsonSerializer()}, request_timeout=60)
    count = sum(done for done, _ in streaming_bulk(client, actions(path)))
    client.close()
    return {"records": count, "documents": count}


if __name__ == "__main__":
    tell(lambda: index(Path(sys.argv[1]), sys.argv[2]))
