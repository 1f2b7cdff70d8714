"""OpenTelemetry's Collector, which keeps logs as lines of OTLP/JSON, each with many records."""

from __future__ import annotations

import re

from tests.programs.corpus import Reader, Sample, epoch
from tests.programs.install import go


def _time(index: int) -> Reader:
    return lambda line: epoch(r"(\d+)", 1_000_000_000)(re.findall(r'"timeUnixNano":"(\d+)', line)[index])


_SCOPE = {"logger": "scoring.api"}
_RECORDS = (
    _SCOPE | {"@timestamp": _time(0), "level": "DEBUG", "message": "loading model from model.joblib"},
    _SCOPE
    | {"@timestamp": _time(1), "level": "INFO", "message": "2 rows scored in 12.5 ms", "execution_time_ms": 12.5},
    _SCOPE | {"@timestamp": _time(2), "level": "WARNING", "message": "feature AGE is missing"},
    _SCOPE
    | {
        "@timestamp": _time(0),
        "level": "ERROR",
        "message": "request failed",
        "transaction_id": "7f3b",
        "raw_has": ["RuntimeError: model not loaded"],
    },
)
WRITTEN = (
    Sample(
        "open-telemetry-file",
        "OpenTelemetry Collector fileexporter",
        go("collector", "otlpfile", "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"),
        ("otlpfile", "logs.json"),
        _RECORDS,
        file="logs.json",
    ),
)
