"""Whatever is sent to the ingest function is answered; what it says to have taken is in the store, and hidden there."""

from __future__ import annotations

import gzip
import json
import os
from contextlib import redirect_stdout
from pathlib import Path

import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from functions.ingest.ingest import Ingest, IngestOptions
from functions.ingest.tokens import Tokens
from functions.pipeline.config import load
from functions.pipeline.redaction import Redaction, RedactionOptions
from functions.pipeline.store import Store
from tests.ingest import sent

_OTLP = (Path(__file__).parents[1] / "events" / "otlp-logs.json").read_bytes()
_LINES = b'{"message": "a", "SECRET": "x1"}\n{"message": "b", "n": [1, 2.5, null]}\n'
_PLAIN = b"2025-01-20 10:30:00 - api - ERROR - failed\nTraceback (most recent call last):\n  KeyError: 1\n"
_RULES = {"PIPELINE_REDACT_FIELDS": "SECRET:drop", "PIPELINE_REDACT_PATTERNS": "/planted/:drop"}
# What the first byte chooses: a path, a Content-Type and a Content-Encoding.
_WAYS = [
    (path, content_type, encoding)
    for path, types in (
        ("/logs", ("application/json", "application/x-ndjson", "text/plain", "text/plain; charset=utf-16", None)),
        ("/v1/logs", ("application/json", "application/x-protobuf")),
    )
    for content_type in types
    for encoding in (None, "gzip", "zstd", "deflate")
]
_STATUSES = {200, 202, 400, 413, 415, 422}


def _protobuf() -> bytes:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(severity_number=9, trace_id=bytes(16))
    record.body.string_value = "planted"
    record.attributes.add(key="SECRET").value.int_value = 7
    return request.SerializeToString()


def _seed(path: str, content_type: str | None, encoding: str | None, body: bytes) -> bytes:
    packed = {None: bytes, "gzip": gzip.compress, "zstd": zstandard.compress, "deflate": bytes}[encoding](body)
    return bytes([_WAYS.index((path, content_type, encoding))]) + packed


SEEDS = [
    _seed("/logs", "application/x-ndjson", None, _LINES),
    _seed("/logs", "application/json", None, json.dumps([{"SECRET": "planted"}, "text"], indent=1).encode()),
    _seed("/logs", "text/plain", "gzip", _PLAIN),
    _seed("/logs", "text/plain; charset=utf-16", None, _PLAIN.decode().encode("utf-16")),
    _seed("/logs", None, "zstd", _LINES),
    _seed("/v1/logs", "application/json", None, _OTLP),
    _seed("/v1/logs", "application/x-protobuf", None, _protobuf()),
]
_store = Store("memory://")
(_options,) = load(_RULES, RedactionOptions)
_ingest = Ingest(_store, Redaction(_options), Tokens({}, served_here=True), IngestOptions(most_bytes=1 << 20))


def target(data: bytes) -> None:
    """Send the bytes."""
    path, content_type, encoding = _WAYS[data[0] % len(_WAYS)] if data else _WAYS[0]
    more = {"Content_Encoding": encoding} if encoding else {}
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        answer = sent(_ingest, data[1:], content_type, path, **more)
    assert answer.status in _STATUSES, answer
    if answer.status != 202:
        return
    taken = json.loads(answer.body)
    if taken["key"] is None:
        assert taken["records"] == 0
        return
    found = _store.load(taken["key"])
    assert found
    content = gzip.decompress(found[0])
    assert b"planted" not in content
    assert content.count(b"\n") >= taken["records"]  # of a value over several lines, some are blank once it is hidden
