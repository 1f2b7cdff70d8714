"""Python's own logging: basicConfig as it is and in the orders that people write, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.programs.corpus import Sample, at
from tests.programs.install import pip

if TYPE_CHECKING:
    from collections.abc import Callable

_ISO = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})"
_ASCTIME = at(_ISO, "%Y-%m-%d %H:%M:%S,%f")


def _records(time: Callable[[str], str] | None, *absent: str) -> tuple[dict[str, Any], ...]:
    """List what apps/log_with_format.py logs; some formats do not tell the logger, or the level."""
    traceback = ["Traceback (most recent call last):", "ValueError: invalid literal for int() with base 10: 'n/a'"]
    records = [
        {"level": "DEBUG", "message": "loading model from model.joblib"},
        {"level": "INFO", "message": "request 7f3a: 2 rows scored in 12.5 ms"},
        {"level": "WARNING", "message": "feature AGE is missing, using the median"},
        {"level": "ERROR", "message_begins": "request 7f3b failed", "message_has": traceback},
        {"level": "CRITICAL", "message_begins": "two lines:", "message_has": ["the second line"]},
        {"level": "INFO", "logger": "root", "message": "from the root logger"},
    ]
    every = [{"@timestamp": time, "logger": "scoring.api"} | record for record in records]
    return tuple({name: value for name, value in record.items() if name not in absent} for record in every)


def _sample(name: str, records: tuple[dict[str, Any], ...], *arguments: str) -> Sample:
    command = ("python", "log_with_format.py", *arguments)
    return Sample(f"python-logging-{name}", "Python logging", pip(), command, records)


WRITTEN = (
    _sample("default", _records(None, "@timestamp")),
    _sample("dashes", _records(_ASCTIME), "%(asctime)s - %(name)s - %(levelname)s - %(message)s"),
    _sample("colon", _records(_ASCTIME), "%(asctime)s %(levelname)s %(name)s: %(message)s"),
    _sample("flask-docs", _records(_ASCTIME, "logger"), "[%(asctime)s] %(levelname)s in %(module)s: %(message)s"),
    _sample("level-first", _records(_ASCTIME), "%(levelname)s %(asctime)s %(name)s %(message)s"),
    _sample(
        "msecs",
        _records(at(r"^(.{19},\d+)", "%Y-%m-%d %H:%M:%S,%f")),
        "%(asctime)s,%(msecs)03d %(name)s %(levelname)s %(message)s",
        "%Y-%m-%d %H:%M:%S",
    ),
    _sample("bars", _records(_ASCTIME), "%(asctime)s | %(levelname)-8s | %(name)s | %(message)s"),
    _sample("brackets", _records(_ASCTIME), "[%(asctime)s] [%(levelname)s] [%(name)s] %(message)s"),
    _sample(
        "thread", _records(_ASCTIME), "%(asctime)s [%(threadName)s] %(levelname)-5s %(name)s:%(lineno)d - %(message)s"
    ),
    _sample(
        "us-dates",
        _records(at(r"^(.{22})", "%m/%d/%Y %I:%M:%S %p"), "logger"),
        "%(asctime)s %(levelname)s:%(message)s",
        "%m/%d/%Y %I:%M:%S %p",
    ),
    _sample(
        "day-first",
        _records(at(r"^(.{19})", "%d/%m/%Y %H:%M:%S")),
        "%(asctime)s %(levelname)s [%(name)s] %(message)s",
        "%d/%m/%Y %H:%M:%S",
    ),
    _sample(
        "iso-offset",
        _records(at(r"^(\S+)", "%Y-%m-%dT%H:%M:%S%z")),
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        "%Y-%m-%dT%H:%M:%S%z",
    ),
    _sample(
        "time-only", _records(at(r"^(\S+)", "%H:%M:%S")), "%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"
    ),
    Sample(
        "python-warnings",
        "Python warnings",
        pip(),
        ("python", "warn.py"),
        (
            {
                "level": "WARNING",
                "message_begins": "{}warn.py:6: UserWarning: X does not have valid feature names",
                "message_has": ["warnings.warn("],
            },
            {
                "level": "WARNING",
                "message_begins": "{}warn.py:14: DeprecationWarning: predict_raw is deprecated",
                "message_has": ["old()"],
            },
            {
                "level": "WARNING",
                "logger": "py.warnings",
                "raw_begins": "WARNING:py.warnings:",
                "message_begins": "/{}warn.py:17: RuntimeWarning: overflow",
                "message_has": ["warnings.warn("],
            },
        ),
    ),
)
