"""Java's logging libraries."""

from __future__ import annotations

import re

from tests.programs.corpus import Record, Sample, at, epoch, stamp, timed
from tests.programs.install import maven

_CAUSED = [
    "java.lang.IllegalStateException: model not loaded",
    'Caused by: java.lang.NumberFormatException: For input string: "n/a"',
]
_LOGGER = {"logger": "scoring.Api"}
_TRACE = _LOGGER | {"level": "TRACE", "message": "entering"}
_DEBUG = _LOGGER | {"level": "DEBUG", "message": "loading model from model.joblib"}
_INFO = _LOGGER | {"level": "INFO", "message": "2 rows scored in 12.5 ms"}
_WARN = _LOGGER | {"level": "WARNING", "message": "feature AGE is missing, using the median"}
_ERROR = _LOGGER | {"level": "ERROR", "message_begins": "request 7f3b failed"}
_FATAL = _LOGGER | {"level": "CRITICAL", "message_begins": "two lines:", "message_has": ["the second line"]}

_ALL = (_TRACE, _DEBUG, _INFO, _WARN, _ERROR | {"message_has": _CAUSED}, _FATAL)
_REQUEST = {"transaction_id": "7f3a"}
_FIELDS = (
    _TRACE,
    _DEBUG,
    _INFO,
    _WARN,
    _ERROR,
    _LOGGER | {"level": "CRITICAL", "message": "two lines:\nthe second line"},
)
_JSON = tuple(record | _REQUEST for record in _FIELDS)
_GOOGLE = (
    _LOGGER | {"level": "DEBUG", "message": "entering"},  # its template knows no TRACE
    _DEBUG,
    _INFO,
    _WARN,
    _ERROR | {"message_has": _CAUSED},
    _FIELDS[-1],
)
# Log4j's default configuration logs errors only, without the logger's name.
_DEFAULT = ({"level": "ERROR", "message_begins": "request 7f3b failed", "message_has": _CAUSED}, _FATAL)


def _seconds_and_nanoseconds(line: str) -> str:
    found = re.search(r'"timestampSeconds":(\d+),"timestampNanos":(\d+)', line)
    return epoch(r"(\d+)", 1_000_000_000)(f"{int(found[1]) * 1_000_000_000 + int(found[2])}")


def _log4j(name: str, records: tuple[Record, ...]) -> Sample:
    option = () if name == "default" else (f"-Dlog4j2.configurationFile=log4j2-{name}.xml",)
    return Sample(f"log4j2-{name}", "Log4j 2", maven("log4j2", "log4j-core"), ("java", *option, "Log4j2"), records)


def _logback(name: str, records: tuple[Record, ...], program: str = "logback-classic") -> Sample:
    option = () if name == "default" else (f"-Dlogback.configurationFile=logback-{name}.xml",)
    return Sample(f"logback-{name}", program, maven("logback", program), ("java", *option, "Logback"), records)


_JUL_TIME = at(r"^(\w{3} .* [AP]M) Jul main$", "%b %d, %Y %I:%M:%S %p")
_HEAD = {"raw_begins": "{} Jul main"}
_JUL = timed(
    _JUL_TIME,
    _HEAD | {"level": "INFO", "message": "2 rows scored in 12.5 ms"},
    _HEAD | {"level": "WARNING", "message": "feature AGE is missing, using the median"},
    _HEAD
    | {
        "level": "ERROR",
        "message_begins": "request 7f3b failed",
        "message_has": ['java.lang.NumberFormatException: For input string: "n/a"', "at Jul.main(Jul.java:{})"],
    },
)

WRITTEN = (
    _log4j(
        "default",
        timed(stamp(), *({name: value for name, value in each.items() if name != "logger"} for each in _DEFAULT)),
    ),
    _log4j("pattern", timed(stamp(), *_ALL)),
    _log4j("kafka", timed(stamp(), *_ALL)),
    _log4j("ecs", timed(stamp("@timestamp"), *_JSON)),
    _log4j("logstash", timed(stamp("@timestamp"), *_JSON)),
    _log4j("gcp", timed(_seconds_and_nanoseconds, *_GOOGLE)),
    _logback("default", timed(at(r"^(\S+)", "%H:%M:%S.%f"), *_ALL[1:5])),
    _logback("spring", timed(stamp(), *_ALL[:5])),
    _logback("json", timed(stamp("@timestamp"), *_JSON[:5]), "logstash-logback-encoder"),
    Sample("java-util-logging", "java.util.logging", maven("jul"), ("java", "Jul"), _JUL),
)
