"""Node.js's logging libraries."""

from __future__ import annotations

from tests.programs.corpus import Record, Sample, access, at, epoch, number, stamp, timed
from tests.programs.install import npm

_DEBUG = {"level": "DEBUG", "message": "loading model"}
_WARN = {"level": "WARNING", "message": "feature AGE is missing"}
_RAISED = {"level": "ERROR", "message": "request failed"}
_FATAL = {"level": "CRITICAL", "message": "out of memory"}
_SCORED = {"level": "INFO", "message": "2 rows scored"}
_FIELDS = {"transaction_id": "7f3a", "execution_time_ms": 12.5}

_PINO = timed(
    epoch(r'"time":(\d+)', 1000),
    {"level": "TRACE", "message": "entering"},
    _DEBUG,
    {
        "level": "INFO",
        "message": "request completed",
        "http_method": "POST",
        "http_path": "/predict",
        "status_code": 200,
        "execution_time_ms": 12.5,
    },
    _WARN,
    _RAISED,
    _FATAL,
)
_BUNYAN = timed(
    stamp("time"),
    *(
        {"logger": "scoring"} | each
        for each in ({"level": "TRACE", "message": "entering"}, _DEBUG, _SCORED | _FIELDS, _WARN, _RAISED, _FATAL)
    ),
)
_SILLY = {"level": "TRACE", "message": "entering"}
_FAILED = _RAISED | {"transaction_id": "7f3b"}
_WINSTON = (_SILLY, _DEBUG, _SCORED | _FIELDS, _WARN, _FAILED)
_WINSTON_TEXT = (_SILLY, _DEBUG, _SCORED, _WARN, _RAISED)
_CLF = at(r"\[(\d\d/\w{3}/\d{4}:[^]]+)\]", "%d/%b/%Y:%H:%M:%S %z")
_ASKS = ("POST /predict", "GET /nothing", "GET /fail")


def _asked(**more: object) -> tuple[Record, ...]:
    return tuple(
        access(method, path, status, **more)
        for method, path, status in (("POST", "/predict", 200), ("GET", "/nothing", 404), ("GET", "/fail", 500))
    )


def _winston(how: str, records: tuple[Record, ...]) -> Sample:
    return Sample(f"winston-{how}", "winston", npm("winston@3.19.0"), ("node", "log_winston.js", how), records)


def _morgan(how: str, records: tuple[Record, ...]) -> Sample:
    return Sample(f"morgan-{how}", "morgan", npm("morgan@1.12.1"), ("node", "log_morgan.js", how), records, _ASKS)


WRITTEN = (
    Sample("pino", "pino", npm("pino@10.4.0"), ("node", "log_pino.js"), _PINO),
    Sample("bunyan", "bunyan", npm("bunyan@2.0.5"), ("node", "log_bunyan.js"), _BUNYAN),
    _winston("default", _WINSTON),
    _winston("json", timed(stamp("timestamp"), *_WINSTON)),
    _winston("text", timed(stamp(), *_WINSTON_TEXT)),
    _morgan("combined", timed(_CLF, *_asked())),
    _morgan("dev", _asked(execution_time_ms=number(r"([\d.]+) ms"))),
    _morgan("tiny", _asked(execution_time_ms=number(r"([\d.]+) ms"))),
)
