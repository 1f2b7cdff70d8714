"""Python's logging libraries and formatters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.corpus import Record, Sample, at, epoch, stamp, timed
from tests.programs.install import pip

if TYPE_CHECKING:
    from collections.abc import Callable

_LOGGER = {"logger": "scoring.api"}
_FAILED = "ValueError: invalid literal for int() with base 10: 'n/a'"
_TRACEBACK = ["Traceback (most recent call last):", _FAILED]


def _json(time: Callable[[str], str], error: Record, logger: Record = _LOGGER) -> tuple[Record, ...]:
    """List what apps/log_json.py logs."""
    return timed(
        time,
        logger | {"level": "DEBUG", "message": "loading model from model.joblib"},
        logger
        | {"level": "INFO", "message": 'scored: "YES" at é', "transaction_id": "7f3a", "execution_time_ms": 12.5},
        logger | {"level": "WARNING", "message": "feature AGE is missing, using the median"},
        logger | {"level": "ERROR", "message_begins": "request failed"} | error,
        logger | {"level": "CRITICAL", "message": "two lines:\nthe second line"},
    )


_AFTER = {"transaction_id": "7f3b", "raw_has": _TRACEBACK}  # the traceback is a member after the text
_BEFORE = {"transaction_id": "7f3b"}  # the order of ECS is alphabetical: what follows the text is cut up


def _sample_json(name: str, requirement: str, function: str, records: tuple[Record, ...]) -> Sample:
    program = requirement.split("==", maxsplit=1)[0]
    return Sample(name, program, pip(requirement), ("python", "log_json.py", function), records)


def _google() -> tuple[Record, ...]:
    """Its handler writes no time, and none of the `extra` fields: the agent that reads its lines adds the time."""
    records = [dict(record) for record in _json(stamp(), {"message_has": _TRACEBACK})]
    for record in records:
        for absent in ("@timestamp", "transaction_id", "execution_time_ms"):
            record.pop(absent, None)
    instrumentation = {"level": "INFO", "raw_has": ["instrumentation_source"]}
    return (instrumentation, instrumentation, *records)


def _structlog(time: Callable[[str], str], error: Record, logger: Record = _LOGGER) -> tuple[Record, ...]:
    """List what apps/log_structlog.py logs."""
    return timed(
        time,
        logger | {"level": "DEBUG", "message_begins": "loading model"},
        logger
        | {
            "level": "INFO",
            "message_begins": "request scored",
            "transaction_id": "7f3a",
            "execution_time_ms": 12.5,
        },
        logger | {"level": "WARNING", "message_begins": "feature AGE is missing"},
        logger | {"level": "ERROR", "message_begins": "request failed", "transaction_id": "7f3b"} | error,
        logger | {"level": "CRITICAL", "message_begins": "out of memory"},
    )


def _sample_structlog(how: str, records: tuple[Record, ...], *more: str) -> Sample:
    command = ("python", "log_structlog.py", how)
    return Sample(f"structlog-{how}", "structlog", pip("structlog==26.1.0", *more), command, records)


def _loguru(time: Callable[[str], str], error: list[str], *, serialized: bool) -> tuple[Record, ...]:
    """List what apps/log_loguru.py logs; SUCCESS is loguru's own, between INFO and WARNING."""
    bound = {"transaction_id": "7f3a", "execution_time_ms": 12.5} if serialized else {}
    two = {"message": "two lines:\nthe second line"}
    return timed(
        time,
        {"level": "TRACE", "logger": "__main__", "message": "entering"},
        {"level": "DEBUG", "logger": "__main__", "message": "loading model from model.joblib"},
        {"level": "INFO", "logger": "__main__", "message": "2 rows scored"} | bound,
        {"level": "INFO", "logger": "__main__", "message": "model is warm"},
        {"level": "WARNING", "logger": "__main__", "message": "feature AGE is missing, using the median"},
        {"level": "ERROR", "logger": "__main__", "message_begins": "request 7f3b failed", "message_has": error},
        {"level": "CRITICAL", "logger": "__main__"} | two,
    )


def _sample_loguru(how: str, records: tuple[Record, ...]) -> Sample:
    return Sample(f"loguru-{how}", "loguru", pip("loguru==0.7.3"), ("python", "log_loguru.py", how), records)


_ABSL = timed(
    at(r"^\w(\d{4} [\d:.]+)", "%m%d %H:%M:%S.%f"),
    {"level": "INFO", "message": "loading model from model.joblib"},  # its letter for DEBUG is I, too
    {"level": "INFO", "message": "2 rows scored in 12.5 ms"},
    {"level": "WARNING", "message": "feature AGE is missing, using the median"},
    {"level": "ERROR", "message_begins": "request 7f3b failed", "message_has": _TRACEBACK},
    {"level": "ERROR", "message": "no such model"},
)

_JSON_LOGGER = "python-json-logger==4.2.0"
_ECS = "ecs-logging==2.3.0"
WRITTEN = (
    _sample_json("python-json-logger", _JSON_LOGGER, "python_json_logger", _json(stamp("asctime"), _AFTER)),
    _sample_json(
        "python-json-logger-renamed", _JSON_LOGGER, "python_json_logger_renamed", _json(stamp("timestamp"), _AFTER)
    ),
    _sample_json("ecs-logging", _ECS, "ecs", _json(stamp("@timestamp"), _BEFORE)),
    _sample_json("logfmter", "logfmter==0.0.12", "logfmter", _json(stamp("time"), _AFTER)),
    _sample_json("python-logstash", "python-logstash-async==4.0.2", "logstash", _json(stamp("@timestamp"), {})),
    _sample_json("json-log-formatter", "JSON-log-formatter==1.1.1", "json_log_formatter", _json(stamp("time"), {})),
    _sample_json("google-structured", "google-cloud-logging==3.17.0", "google", _google()),
    _sample_structlog("console", _structlog(stamp(), {"message_has": _TRACEBACK}, {})),
    _sample_structlog("plain", _structlog(stamp(), {"message_has": _TRACEBACK})),
    _sample_structlog("json", _structlog(stamp("timestamp"), {"raw_has": _TRACEBACK})),
    _sample_structlog("epoch", _structlog(epoch(r'"timestamp": ([\d.]+)'), {}, {})),
    _sample_structlog("logfmt", _structlog(stamp("timestamp"), {"raw_has": _TRACEBACK}, {})),
    _sample_structlog("ecs", _structlog(stamp("@timestamp"), {}, {}), _ECS),
    _sample_loguru("text", _loguru(stamp(), [_TRACEBACK[0], _FAILED], serialized=False)),
    _sample_loguru("color", _loguru(stamp(), [_TRACEBACK[0], _FAILED], serialized=False)),
    _sample_loguru("json", _loguru(epoch(r'"timestamp": ([\d.]+)'), [], serialized=True)),
    Sample("absl", "absl-py", pip("absl-py==2.5.1"), ("python", "log_absl.py"), _ABSL),
)
