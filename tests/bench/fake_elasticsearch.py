"""A fake Elasticsearch that is never what a benchmark waits for: it counts documents and bytes, and keeps nothing.

`/_counts` tells what came since `/_reset`. With the argument `gzip1`, it also compresses each body as zlib does at
level 1, for a comparison of sizes.
"""

from __future__ import annotations

import re
import sys
import time
import zlib
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

import orjson
from isal import isal_zlib

from tests.bench.http_server import Answer, Exchanges, Request, serve

_HEADERS = {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"}
_ROOT = {"name": "fake", "cluster_name": "fake", "version": {"number": "9.0.0"}, "tagline": "You Know, for Search"}
_TEMPLATES = (
    *("ml-api-logs", "ml-api-message", "ml-api-perfs", "ml-api-top-func", "ml-api-dead-letters"),
    *("ml-model-executions", "ingestion-logs"),
)
_ACTION = re.compile(rb'\s*\{\s*"(\w+)"')
_RESULT = {  # of one document, where the request does not say which parts it wants
    "_index": "bench-lines",
    "_id": "0123456789abcdefghij",
    "_version": 1,
    "result": "created",
    "_shards": {"total": 2, "successful": 1, "failed": 0},
    "_seq_no": 1234567,
    "_primary_term": 1,
    "status": 201,
}


class FakeElasticsearch:
    """Answers requests and counts them."""

    def __init__(self, *, gzip1: bool) -> None:
        self._gzip1 = gzip1
        self._reset()

    def _reset(self) -> None:
        self._cpu = time.process_time()
        self._counts = {"requests": 0, "bulks": 0, "documents": 0, "wire_bytes": 0, "plain_bytes": 0, "gzip1_bytes": 0}

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        parts = urlsplit(request.target)
        if parts.path == "/_counts":
            return _json({**self._counts, "cpu_s": time.process_time() - self._cpu})
        if parts.path == "/_reset":
            self._reset()
            return _json({})
        self._counts["requests"] += 1
        if parts.path.endswith("/_bulk"):
            return self._bulk(request, parse_qs(parts.query))
        if parts.path.startswith("/_index_template"):
            return _json({"index_templates": [{"name": name} for name in _TEMPLATES]})
        return _json(_ROOT)

    def _bulk(self, request: Request, query: dict[str, list[str]]) -> Answer:
        compressed = request.headers.get(b"content-encoding") == b"gzip"
        body = _inflated(request.body) if compressed else request.body
        blank = 0 if compressed else body.count(b"\n\n")  # lines that rsyslog sends too; to look for them takes time
        documents = (body.count(b"\n") - blank) // 2
        self._counts["bulks"] += 1
        self._counts["documents"] += documents
        self._counts["wire_bytes"] += len(request.body)
        self._counts["plain_bytes"] += len(body)
        if self._gzip1:
            self._counts["gzip1_bytes"] += _gzip1_size(body)
        action = _ACTION.match(body)
        assert action, body[:100]
        told = _filtered(body) if "filter_path" in query else _results(action[1].decode(), documents)
        return Answer(told, 200, _HEADERS)


def _inflated(body: bytes) -> bytes:
    """Inflate a gzip stream, whose last four bytes tell how long its content is."""
    return isal_zlib.decompress(body, 31, int.from_bytes(body[-4:], "little") + 1)


def _gzip1_size(body: bytes) -> int:
    compressor = zlib.compressobj(1, wbits=31)
    return len(compressor.compress(body)) + len(compressor.flush())


def _filtered(body: bytes) -> bytes:
    """Say that all the documents are created, with the parts alone that a `filter_path` asks for."""
    items = b'"status":201}},'.join(action[:-2] + b"," for action in body.split(b"\n")[:-1:2]) + b'"status":201}}'
    return b'{"errors":false,"items":[%b]}' % items


@lru_cache(64)
def _results(action: str, documents: int) -> bytes:
    """Say that all the documents are created, in full."""
    return orjson.dumps({"took": 1, "errors": False, "items": [{action: _RESULT}] * documents})


def _json(content: object) -> Answer:
    return Answer(orjson.dumps(content), 200, _HEADERS)


if __name__ == "__main__":
    fake = FakeElasticsearch(gzip1="gzip1" in sys.argv)
    serve(lambda: Exchanges(fake.answer))
