"""Measures how long a request of 100 events takes, here and with a store in a folder: python -m tests.bench.ingest.

The median has a limit; where it is above that, the exit code is 1.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import sys
import time
from contextlib import redirect_stdout
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tests.ingest import opened, served

LIMIT_MS = 10.0  # the median of a request of 100 events
_EVENTS, _REQUESTS = 100, 300
_REDACTION = {
    "PIPELINE_REDACT_FIELDS": "patient_*:drop",
    "PIPELINE_REDACT_PATTERNS": "email:drop, phone:drop",
}


def _records(turn: int) -> list[dict[str, object]]:
    return [
        {
            "timestamp": f"2025-01-20T10:30:00.{number:03}Z",
            "event": "completed",
            "model_name": "lung-cancer",
            "execution_id": f"{turn}-{number}",
            "status": "success",
            "response_time": 15.98,
            "cpu_usage": 12.5,
            "details": {"AGE": 74, "SMOKER": "YES"},
        }
        for number in range(_EVENTS)
    ]


def _ndjson(turn: int) -> tuple[str, dict[str, str], bytes]:
    body = b"\n".join(json.dumps(each).encode() for each in _records(turn))
    return "/logs", {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}, gzip.compress(body, 6)


def _otlp(turn: int) -> tuple[str, dict[str, str], bytes]:
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add().scope_logs.add().log_records
    for each in _records(turn):
        record = logs.add(time_unix_nano=1737369000000000000, severity_number=9, trace_id=bytes(16))
        record.body.string_value = "completed"
        for name in ("model_name", "execution_id", "status"):
            record.attributes.add(key=name).value.string_value = str(each[name])
    return "/v1/logs", {"Content-Type": "application/x-protobuf"}, request.SerializeToString()


def _milliseconds(send: HTTPConnection, path: str, headers: dict[str, str], body: bytes) -> float:
    begun = time.perf_counter()
    send.request("POST", path, body, headers)
    answer = send.getresponse()
    answer.read()
    took = time.perf_counter() - begun
    if answer.status not in {200, 202}:
        raise SystemExit(f"{path}: {answer.status}")
    return took * 1000


def measured(form: str, **settings: str) -> list[float]:
    """Return the milliseconds of each request, each with events of its own, through one connection."""
    made = {"ndjson": _ndjson, "otlp": _otlp}[form]
    with (
        TemporaryDirectory() as folder,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),  # what is logged
        served(opened(Path(folder), **settings)) as url,
    ):
        connection = HTTPConnection(url.removeprefix("http://"))
        requests = [made(turn) for turn in range(_REQUESTS)]
        taken = [_milliseconds(connection, *each) for each in requests]
        connection.close()
    return taken[10:]  # the first ones import


def main() -> int:
    """Measure, and say whether the limit is kept."""
    kept = True
    for form, settings in (("ndjson", {}), ("ndjson", _REDACTION), ("otlp", {}), ("otlp", _REDACTION)):
        taken = measured(form, **settings)
        median, late = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
        kept = kept and median <= LIMIT_MS
        what = f"{form}{', redacted' if settings else ''}"
        sys.stdout.write(
            f"{_EVENTS} events as {what}: p50 {median:.1f} ms, p99 {late:.1f} ms (limit {LIMIT_MS:.0f} ms)\n"
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
