"""What log shippers send by HTTP, as their documentation and sources have it."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import zstandard

from tests.ingest import Kept, opened, sent

if TYPE_CHECKING:
    from pathlib import Path


class Shipped(NamedTuple):
    """A request of a shipper, and what the documents must have."""

    name: str
    body: bytes
    headers: dict[str, str]
    documents: list[dict[str, Any]]


def headers(content_type: str | None, encoding: str | None = None) -> dict[str, str]:
    given = {"content-type": content_type, "content-encoding": encoding}
    return {name: value for name, value in given.items() if value}


# https://vector.dev/docs/reference/configuration/sinks/http/: the types are those of src/sinks/http/config.rs
VECTOR = [
    {
        "file": "/var/log/api.log",
        "host": "node-1",
        "message": f"2025-01-20 10:30:0{number} - api - WARNING - feature {number} is missing",
        "source_type": "file",
        "timestamp": f"2025-01-20T10:30:0{number}.123456Z",
    }
    for number in range(2)
]
VECTOR_LINES = [json.dumps(each, separators=(",", ":")).encode() for each in VECTOR]
FROM_VECTOR = [
    {"message": f"feature {number} is missing", "level": "WARNING", "@timestamp": f"2025-01-20T10:30:0{number}.000Z"}
    for number in range(2)
]
# https://docs.fluentbit.io/manual/pipeline/outputs/http: `date` is a double, or ISO 8601 by json_date_format
FLUENT_BIT = [
    b'{"date":1737369000.123456,"log":"INFO:     a"}',
    b'{"date":"2025-01-20T10:30:01.123456Z","log":"INFO:     b"}',
]
FROM_FLUENT_BIT = [
    {"message": "a", "level": "INFO", "@timestamp": "2025-01-20T10:30:00.123456Z"},
    {"message": "b", "level": "INFO", "@timestamp": "2025-01-20T10:30:01.123456Z"},
]
# https://www.elastic.co/docs/reference/logstash/plugins/plugins-outputs-http
LOGSTASH = [
    {
        "@version": "1",
        "@timestamp": f"2025-01-20T10:30:0{number}.123456789Z",
        "event": {"original": f"ERROR:    {number}"},
        "host": {"name": "node-1"},
        "message": f"ERROR:    {number}",
    }
    for number in range(2)
]
FROM_LOGSTASH = [
    {"message": str(number), "level": "ERROR", "@timestamp": f"2025-01-20T10:30:0{number}.123456Z"}
    for number in range(2)
]

SHIPPED = [
    Shipped("vector, json", b"[" + b",".join(VECTOR_LINES) + b"]", headers("application/json"), FROM_VECTOR),
    Shipped(
        "vector, json, newline_delimited, gzip",
        gzip.compress(b"\n".join(VECTOR_LINES) + b"\n"),
        headers("application/x-ndjson", "gzip"),
        FROM_VECTOR,
    ),
    Shipped(
        "vector, zstd",
        zstandard.compress(b"\n".join(VECTOR_LINES)),
        headers("application/x-ndjson", "zstd"),
        FROM_VECTOR,
    ),
    Shipped(
        "vector, zlib",
        zlib.compress(b"[" + VECTOR_LINES[0] + b"]"),
        headers("application/json", "deflate"),
        FROM_VECTOR[:1],
    ),
    Shipped(
        "vector, text",
        "\n".join(each["message"] for each in VECTOR).encode() + b"\n",
        headers("text/plain"),
        FROM_VECTOR,
    ),
    Shipped("vector, length_delimited framing has no type", b"\n".join(VECTOR_LINES), headers(None), FROM_VECTOR),
    Shipped("fluent bit, json", b"[" + b",".join(FLUENT_BIT) + b"]", headers("application/json"), FROM_FLUENT_BIT),
    Shipped("fluent bit, json_stream", b"".join(FLUENT_BIT), headers("application/json"), FROM_FLUENT_BIT),
    Shipped(
        "fluent bit, json_lines, gzip",
        gzip.compress(b"\n".join(FLUENT_BIT) + b"\n"),
        headers("application/x-ndjson", "gzip"),
        FROM_FLUENT_BIT,
    ),
    Shipped("fluent bit, json_lines, older", b"\n".join(FLUENT_BIT) + b"\n", headers(None), FROM_FLUENT_BIT),
    Shipped("logstash, json", json.dumps(LOGSTASH[0]).encode(), headers("application/json"), FROM_LOGSTASH[:1]),
    Shipped("logstash, json_batch", json.dumps(LOGSTASH).encode(), headers("application/json"), FROM_LOGSTASH),
    Shipped(
        "logstash, json, http_compression",
        gzip.compress(json.dumps(LOGSTASH[1]).encode()),
        headers("application/json", "gzip"),
        FROM_LOGSTASH[1:],
    ),
    Shipped("logstash, message", b"ERROR:    0", headers("text/plain"), [{"message": "0", "level": "ERROR"}]),
]


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda each: each.name)
def test_what_a_shipper_sends_becomes_documents(shipped: Shipped, tmp_path: Path):
    named = {name.replace("-", "_"): value for name, value in shipped.headers.items() if name != "content-type"}
    answer = sent(opened(tmp_path), shipped.body, shipped.headers.get("content-type"), **named)
    assert (answer.status, json.loads(answer.body)["records"]) == (202, len(shipped.documents))
    found = Kept(tmp_path).documents()
    assert [
        {name: each.get(name) for name in wanted} for each, wanted in zip(found, shipped.documents, strict=True)
    ] == (shipped.documents)


@pytest.mark.parametrize(
    ("content_type", "body", "remedy"),
    [
        ("application/msgpack", b"\x92\xd7\x00g\x8e'\xa8\x00\x00\x00\x00\x81\xa3log\xa1a", "json_lines"),
        ("application/x-www-form-urlencoded", b"message=a&host=b", "application/x-ndjson"),
    ],
)
def test_what_a_shipper_must_be_told_otherwise_is_said(content_type: str, body: bytes, remedy: str, tmp_path: Path):
    answer = sent(opened(tmp_path), body, content_type)
    assert answer.status == 415
    assert remedy in json.loads(answer.body)["error"]
