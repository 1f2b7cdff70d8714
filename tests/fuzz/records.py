"""Whatever an object holds, each record has one log document, from which its text can be had back, and none is lost."""

from __future__ import annotations

from tests.fuzz import read
from tests.fuzz.chunks import cut

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
    found = read.records(chunks, content, key)
    if key.endswith(".log") and read.bare(found):
        read.nothing_lost(found, content)
