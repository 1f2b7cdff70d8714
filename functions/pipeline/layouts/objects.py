"""JSON objects, whatever the program calls a record's time, level, logger and message.

Names are those of Python's `logging` attributes, python-json-logger, structlog, loguru, ECS (ecs-logging), Google Cloud
and Azure, GELF, Bunyan and pino, Winston, zap, zerolog, logrus, slog, log4j2's layouts, Logstash's encoder, monolog and
OpenTelemetry. A dotted name may be nested: `log.level` is also the `level` in `log`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.instants import parsed_instant
from functions.pipeline.layouts.heads import level_and_logger
from functions.pipeline.levels import level, numbered_level
from functions.pipeline.remembered import Remembered
from functions.pipeline.values import word

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from functions.pipeline.levels import Scale
    from functions.pipeline.times import Clock

# The names of each, those that are meant the most surely first.
_TIME = (
    *("timestamp", "@timestamp", "asctime", "time", "ts", "datetime", "date_time", "eventTime", "event_time", "date"),
    *(
        "timeMillis",
        "timestamp_ms",
        "timestampMs",
        "TimeGenerated",
        "created",
        "created_at",
        "instant",
        "t",
        "timestampSeconds",
    ),
)
_LEVEL = (
    *("level", "levelname", "severity", "log.level", "level_name", "levelName", "log_level", "loglevel", "logLevel"),
    *("severityText", "severity_text", "SeverityText", "lvl", "Level", "levelno", "severityNumber", "severity_number"),
)
_LOGGER = (
    *("logger", "log.logger", "logger_name", "loggerName", "logger.name", "name", "channel", "target", "source_logger"),
    *("module", "component", "logging.googleapis.com/labels.python_logger"),
)
_MESSAGE = (
    *("message", "msg", "event", "short_message", "textPayload", "log", "body", "text", "description", "MESSAGE"),
    *("@message", "message.formatted"),
)
_NESTED = frozenset(
    (
        "log",
        "http",
        "url",
        "trace",
        "span",
        "transaction",
        "event",
        "error",
        "fields",
        "attributes",
        "extra",
        "mdc",
        "contextMap",
        "httpRequest",
        "req",
        "res",
    )
)
_NESTED |= {"logging.googleapis.com/labels"}


class _Shape(NamedTuple):
    """Which members of an object may be what, in order; `nested` are those to look into."""

    time: tuple[str, ...]
    level: tuple[str, ...]
    logger: tuple[str, ...]
    message: tuple[str, ...]
    nested: tuple[str, ...]


def read_object(
    sent: dict[str, Any], timezone: "tzinfo", clock: "Callable[[], Clock]"
) -> tuple[str | None, bytes, str | None]:
    """Take an object's time, level, logger and message out of it; those of `data` then count like its own members.

    Args:
        sent: the object; what is taken goes out of it.
        timezone: the zone of times that name none.
        clock: gives what reads times in other spellings than the plainest.

    Returns:
        Its time, as documents have it; its level and logger as members of a JSON object, each with a comma after it;
        and its message. What is not there, or is not of that kind, is None.
    """
    _open(sent)
    shape = _shapes[*sent,]
    if shape.nested:
        _lift(sent, shape.nested)
        shape = _shapes[*sent,]
    time = _time(sent, shape.time, timezone, clock)
    written = _level(sent, shape.level)
    logger = _first_word(sent, shape.logger)
    message = _first_word(sent, shape.message)
    for inner in ("message", "data"):
        if type(sent.get(inner)) is dict:
            sent |= sent.pop(inner)
    return time, level_and_logger(written, logger), message


def _open(sent: dict[str, Any]) -> None:
    """Let loguru's record, which `serialize=True` writes beside its text, count like the object's own members."""
    record = sent.get("record")
    if isinstance(record, dict) and "text" in sent and isinstance(record.get("time"), dict):
        name = record.get("level")
        time = record["time"]
        sent |= {each: record[each] for each in ("message", "name") if each in record} | record.get("extra", {})
        sent["level"] = name.get("name") if isinstance(name, dict) else name
        sent["timestamp"] = time.get("repr") or time.get("timestamp")
        del sent["text"]
        sent["record"] = {each: value for each, value in record.items() if each not in _TAKEN_OF_LOGURU}


_TAKEN_OF_LOGURU = frozenset(("message", "name", "extra", "level", "time"))


def _shape(names: tuple[str, ...]) -> _Shape:
    """Find out which members may be what."""
    time, written, logger, message = (
        tuple(each for each in uses if each in names) for uses in (_TIME, _LEVEL, _LOGGER, _MESSAGE)
    )
    return _Shape(time, written, logger, message, tuple(each for each in names if each in _NESTED))


_shapes = Remembered(_shape)  # programs write objects of few shapes


def _lift(sent: dict[str, Any], nested: tuple[str, ...]) -> None:
    """Put what is nested beside the object's own members, by its dotted name, as far as that name is known."""
    for name in nested:
        value = sent[name]
        if isinstance(value, dict):
            rest = _lifted(sent, name, value)
            if rest:
                sent[name] = rest
            else:
                del sent[name]


def _lifted(sent: dict[str, Any], path: str, value: dict[str, Any]) -> dict[str, Any]:
    """Lift the known names out of an object; return the rest."""
    rest = {}
    for name, each in value.items():
        dotted = f"{path}.{name}"
        if isinstance(each, dict) and dotted in _INNER:
            each = _lifted(sent, dotted, each)  # noqa: PLW2901
            if each:
                rest[name] = each
        elif dotted in _DOTTED:
            sent.setdefault(dotted, each)
        elif path in _TRANSPARENT:
            sent.setdefault(name, each)
        else:
            rest[name] = each
    return rest


_TRANSPARENT = frozenset(
    ("fields", "attributes", "extra", "mdc", "contextMap", "httpRequest")
)  # whose members are the record's own
_INNER = frozenset(("http.request", "http.response"))
_DOTTED = frozenset(
    (
        *("log.level", "log.logger", "trace.id", "span.id", "transaction.id", "http.request.method", "http.request.id"),
        *("http.response.status_code", "http.method", "http.path", "http.status", "http.status_code", "http.url"),
        *("req.method", "req.url", "req.id", "res.statusCode", "logging.googleapis.com/labels.python_logger"),
        *("http.target", "url.path", "url.original", "url.full", "event.duration", "error.stack_trace"),
    )
)


def _time(sent: dict[str, Any], names: tuple[str, ...], timezone: "tzinfo", clock: "Callable[[], Clock]") -> str | None:
    for name in names:
        value = sent[name]
        if name == "timestampSeconds":
            time = _of_parts({"seconds": value, "nanos": sent.get("timestampNanos", 0)}, clock)
        elif isinstance(value, str):
            time = parsed_instant(value, timezone) if value[:4].isdecimal() and "-" in value else None
            time = time or clock().read(value)
        elif isinstance(value, dict):
            time = _of_parts(value, clock)
        else:
            time = clock().count(value)
        if time:
            del sent[name]
            return time
    return None


def _of_parts(value: dict[str, Any], clock: "Callable[[], Clock]") -> str | None:
    """Read log4j2's instant, or a protobuf's: seconds and nanoseconds apart."""
    for seconds, nanoseconds in (("epochSecond", "nanoOfSecond"), ("seconds", "nanos")):
        whole, part = value.get(seconds), value.get(nanoseconds, 0)
        if isinstance(whole, int) and isinstance(part, int):
            return clock().count(whole * 10**9 + part)
    return None


def _level(sent: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """Take the level, by its name or its number on the scale of who writes so."""
    for name in names:
        value = sent[name]
        number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 5 else value  # noqa: PLR2004
        if isinstance(number, int | float):
            found = numbered_level(number, _scale(sent, name, number))
        else:
            found = level(value) if isinstance(value, str) else None
        if found or isinstance(value, str):
            del sent[name]
            return found or value
    return None


def _scale(sent: dict[str, Any], name: str, number: float) -> "Scale":
    if name.lower().startswith("severity"):
        return "otel" if "umber" in name else "gcp" if number >= 100 else "syslog"  # noqa: PLR2004
    if "hostname" in sent and "pid" in sent and name == "level":
        return "bunyan"
    return "syslog" if number < 8 and "short_message" in sent else "python"  # noqa: PLR2004 (GELF has syslog's)


def _first_word(sent: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = word(sent[name])
        if value:
            del sent[name]
            return value
    return None
