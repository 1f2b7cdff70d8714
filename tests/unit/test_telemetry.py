"""A log line is one JSON object in one line of UTF-8, whatever is in it."""

import json
from datetime import UTC, datetime

import pytest

from functions.pipeline.telemetry import log


def test_a_log_line_is_json_whatever_its_fields_are(capsys: pytest.CaptureFixture[str]):
    log("INFO", "café\n\ud800", at=datetime(2025, 1, 20, tzinfo=UTC), number=2**70, parts={"a": [1, None]})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "severity": "INFO",
        "message": "café\n?",
        "at": "2025-01-20 00:00:00+00:00",
        "number": 2**70,
        "parts": {"a": [1, None]},
    }
