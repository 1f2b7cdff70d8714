"""Whatever an object holds, each record has one log document, from which its text can be had back, and none is lost."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import orjson

from functions.pipeline.documents import LOGS
from functions.pipeline.framing import split_records
from functions.pipeline.kinds import kinds
from functions.pipeline.parser import Parser, ParserOptions
from tests.fuzz.chunks import cut

if TYPE_CHECKING:
    from functions.pipeline.documents import Row
    from functions.pipeline.records import Record

_PARSER = Parser(ParserOptions())
_HEAD = b"2025-01-20 10:30:00,123 - api - INFO - "
_CALL = (
    b'[t-1] API Call - POST /predict - 200 - 3.2 ms - Input: {"AGE": 48, "CHEST PAIN": 1} - Result: {"prediction": 1}'
)
_OBJECT = (
    b'{"timestamp": 1737369000.5, "level": "INFO", "logger": "api", "message": "caf\\u00e9", '
    b'"data": {"status_code": "200", "performance_metrics": {"latency_ms": 1.5,'
    b' "top_functions": [{"function_name": "f", "calls": 1}]}}}'
)
SEEDS = [
    b"\x10\x00" + _HEAD + _CALL + b"\n  Traceback\n\n" + _HEAD + b"caf\xc3\xa9 \xff\r\n",
    b"\xff\x00" + _HEAD + b"GET /" + "é".encode() * 200,  # longer than what is looked through for a call
    b"\x20\x00"
    + _OBJECT
    + b"\n"
    + _HEAD
    + b'{"performance_metrics": {"cpu_time_ms": NaN}}\norphan\n{"message": "\\ud83d"}',
    b"\xff\x01[" + _OBJECT + b', "text", 5, null, {"@timestamp": "2025-01-20T10:30:00Z"}]',
    b'\xff\x01{"Records": [{"message": "GET /health - Status: 200 - Time: 1ms - {}"}]}',
]


def target(data: bytes) -> None:
    """Split the bytes into records, as text or as one JSON value, and make their documents."""
    chunks, content = cut(data[:1] + data[2:])
    key = "raw/a.json" if data[1:2] == b"\x01" else "raw/a.log"
    found = list(split_records(chunks, key, _PARSER.open().reader))
    assert found == list(split_records([content], key, _PARSER.open().reader)) or "NaN" in repr(found)
    positions = [record[0] for record in found]
    assert positions == sorted(set(positions))
    if key.endswith(".log"):
        assert _words(b"\n".join(record[1] for record in found)) == _words(content.removeprefix(b"\xef\xbb\xbf"))
    time = "2025-01-20T10:30:00.000Z"
    for number, record in enumerate(found):
        time = _parsed(record, time, number)


def _words(text: bytes) -> list[bytes]:
    return text.decode("utf-8", "replace").encode().split()


def _parsed(record: Record, time: str, number: int) -> str:
    position, raw, text, _, _ = record
    assert json.loads(b'"' + text + b'"') == raw.decode()
    documents: defaultdict[str, list[Row]] = defaultdict(list)
    identity = b"a-%d" % position
    time, _ = _PARSER.open().parse(record, time, number, identity, documents)
    assert documents.keys() <= set(kinds())
    ((_, _, body),) = documents[LOGS]
    assert orjson.loads(body)["raw_log"] == raw.decode()
    for rows in documents.values():
        ((mine, told, body),) = rows
        fields = orjson.loads(body)
        assert (mine, told, fields["sequence"]) == (identity, fields["@timestamp"], number)
    return time
