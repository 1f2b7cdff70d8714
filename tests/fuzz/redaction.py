"""Redaction takes any bytes, keeps their line feeds, leaves JSON valid, and finds nothing more in it a second time."""

from __future__ import annotations

import orjson

from functions.pipeline.config import load
from functions.pipeline.redaction import Redaction, RedactionOptions

_CONFIGURED = {
    "PIPELINE_REDACT_FIELDS": "AGE:drop, CHEST_PAIN:hash, patient_*:hash",
    "PIPELINE_REDACT_PATTERNS": r"email:hash, phone:drop, nir:hash, ip:drop, bearer:hash, /P-(\d{2,6})/:hash",
    "PIPELINE_REDACT_KEY": "a-key-of-the-tests",
}
_REDACTION = Redaction(*load(_CONFIGURED, RedactionOptions))
SEEDS = [
    b'{"AGE": 48, "CHEST PAIN": "yes", "patient_name": {"first": ["Zo\\u00eb"]}, "note": "a@example.org P-1234"}',
    b'2025-01-20 10:30:00 - api - INFO - Input: "{\\"AGE\\": 48, \\"sex\\": \\"y\\\\\\\\\\"\\"}" +33 6 12 34 56 78',
    b"{'AGE': Decimal('48'), 'patient_id': b'x', 'CHEST PAIN': None}\n  AGE=48 caf\xc3\xa9 \xff",
    b'{"a": "{\\"b\\": \\"{\\\\\\"AGE\\\\\\": 48}\\"}", "patient_x": "cut off',
    b"ref 185123A12345678, 1 85 05 2A 006 084 35 from 10.0.0.1 and fe80::1, Bearer abc.DEF-123 0033 6 12 34 56 78",
    b'bad {\'body\': \'{"patient_name": "Zo\\\\"4711\\\\"", "AGE": "{\\\\"a\\\\": 48}"}\'}',
    b'{"log": "\\u001b[1m{\\"AGE\\": \\u001b[33m48\\u001b[0m} \\u001b]8;;mailto:a@example.org\\u0007x"}',
    b'\x1b[32mINFO\x1b[0m "A\x1b[1mGE\x1b[0m": 48, \xc2\x9b1mto a@\x1b[4mexample.org\x1b]0;P-1234\x1b\\\n\x1b[',
]


def target(data: bytes) -> None:
    """Redact the bytes as one record, and line by line."""
    hidden = _REDACTION.line(data)
    assert hidden.count(b"\n") == data.count(b"\n")
    if _is_json(data):
        assert _is_json(hidden)
        if not set(b"\\'") & set(data):  # so no damaged JSON or repr within it, of which a second time may hide more
            assert _REDACTION.line(hidden) == hidden
    lines = data.split(b"\n")
    assert len(_REDACTION.lines(lines)) == len(lines)


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
