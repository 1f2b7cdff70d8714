"""An Elasticsearch for loads: fast, strict, and busy now and then: `python -m tests.faults.strict_elasticsearch FILE`.

It remembers which documents it has, as a byte each. The file has the places in an object of each index's documents,
as their ids end; all objects of the load are alike. A document with another id is a strange one. `/_found` tells
how many different documents each index has, and what else happened.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from isal import isal_zlib

from tests.bench.http_server import Answer, Exchanges, Request, serve

_ACTION = re.compile(rb'^\{"index":\{"_index":"([^"]+)","_id":"([0-9a-f]+)-([^"]+)"\}\}$', re.MULTILINE)
_HEADERS = {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"}
_CREATED, _DUPLICATE = {"index": {"status": 201}}, {"index": {"status": 200}}
_BUSY = {"index": {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "busy"}}}
_REFUSED, _BUSY_REQUESTS, _BUSY_ITEMS = 0.02, 0.1, 0.1  # shares: of requests (503, and with 429 inside), of their items


class StrictElasticsearch:
    """Answers requests and remembers the documents."""

    def __init__(self, places: dict[str, list[str]]) -> None:
        """Take the places of the documents in an object, by index."""
        self._places = {
            index.encode(): {place.encode(): number for number, place in enumerate(found)}
            for index, found in places.items()
        }
        self._held: dict[tuple[bytes, bytes], bytearray] = defaultdict(bytearray)
        self._counts = Counter[str]()
        self._chance = random.Random(1)  # noqa: S311 (no secret)

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        path = urlsplit(request.target).path
        if path == "/_found":
            return _json(self._found())
        if path.endswith("/_bulk"):
            return self._bulk(isal_zlib.decompress(request.body, 31))
        return _json({"index_templates": [{"name": index.decode()} for index in self._places]})

    def _bulk(self, body: bytes) -> Answer:
        if self._chance.random() < _REFUSED:
            self._counts["refused requests"] += 1
            return _json({}, 503)
        busy = self._chance.random() < _BUSY_REQUESTS
        results = [
            _BUSY if busy and self._chance.random() < _BUSY_ITEMS else self._store(*found.groups())
            for found in _ACTION.finditer(body)
        ]
        self._counts["refused items"] += results.count(_BUSY) if busy else 0
        return _json({"errors": busy, "items": results})

    def _store(self, index: bytes, batch: bytes, position: bytes) -> object:
        places = self._places[index]
        held = self._held[index, batch] or self._begun(index, batch)
        place = places.get(position)
        if place is None:
            self._counts["strange"] += 1
            return _CREATED
        result = _DUPLICATE if held[place] else _CREATED
        self._counts["again" if held[place] else "created"] += 1
        held[place] = 1
        return result

    def _begun(self, index: bytes, batch: bytes) -> bytearray:
        self._held[index, batch] = bytearray(len(self._places[index]))
        return self._held[index, batch]

    def _found(self) -> dict[str, int]:
        different = dict.fromkeys((index.decode() for index in self._places), 0)
        for (index, _), held in self._held.items():
            different[index.decode()] += sum(held)
        return {**different, **self._counts}


def _json(content: object, status: int = 200) -> Answer:
    return Answer(orjson.dumps(content), status, _HEADERS)


if __name__ == "__main__":
    fake = StrictElasticsearch(json.loads(Path(sys.argv[1]).read_text()))
    serve(lambda: Exchanges(fake.answer))
