"""The logs of an ML API: requests with their input and result, performance metrics, and anything else it says.

The forms of line are those of the users' documents and of what their systems really send: text lines
`timestamp - logger - LEVEL - message`, and JSON objects with `timestamp`, `level`, `message`, `logger` and `data`.

This is the hot path, once per record: bytes stay bytes, JSON that goes on is read once and written once for all the
documents that have it, and what one record has in common with another (the head of its line, the call) is remembered.
"""

from __future__ import annotations

import re
from datetime import UTC
from functools import lru_cache
from json import JSONDecoder
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.config import Options, setting, text
from functions.pipeline.documents import LOGS, MESSAGE, PERFS
from functions.pipeline.instants import counted_instant, parsed_instant
from functions.pipeline.records import Head, escaped
from functions.pipeline.values import Takers, fit, json_value, number, whole, word

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from functions.pipeline.documents import Row
    from functions.pipeline.records import Record

_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_LEVEL = "[A-Z]{3,12}|debug|info|notice|warn|warning|error|critical|fatal|trace"
_BEGINS = re.compile(rf"{_TIME}(?!\w)".encode())
_HEAD = re.compile(rf"({_TIME})(?: - ([^\n]{{1,200}}?) - ({_LEVEL}) -(?: |$)| +(?:- )?|$)".encode())
_CALL = re.compile(
    rb"(?:API Call - )?(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/\S*)"
    rb"(?: - (?:Status: )?(\d{3})(?!\d)| - Status: [^ ]*)?"
    rb"(?: - (?:Time: )?(-?\d{1,15}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?) ?ms(?!\w)| - Time: [^ ]*)?"
)
_START = re.compile(
    rb"(?:\[([^\]\s]{1,128})\] )?"  # a transaction,
    rb"((?:API Call - )?(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) [^{]{1,256})?"  # and a call, up to any JSON
)
_NAMED_TRANSACTION = re.compile(rb"(?=.*\d)[\w.:-]+")  # in front of other messages than calls
_INPUT, _RESULT, _PAIR = b" - Input: ", b" - Result: ", b" - "  # come after a call, before JSON
_MARKERS = (_PAIR, _INPUT, _RESULT)
_REMEMBERED = 4096  # heads of lines, and calls

_FEATURES = {"ALCOHOL CONSUMING": "ALCOHOL"}  # as the Space sends them; in other names, underscores stand for spaces
_FAILED = 400  # and above: the HTTP status of a request that failed
_NO_HEAD: Head = (b"", 0, None, b"")


def _zone(value: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("the name of a time zone, such as UTC or Europe/Paris") from error


class MlApiOptions(Options):
    """What the seeds' filter lets pass, and the zone of times that name none."""

    filter_pattern: str = setting("PIPELINE_FILTER_PATTERN", text, "API Call - POST /predict")
    timezone: tzinfo = setting("PIPELINE_TIMEZONE", _zone, UTC)


class MlApi:
    """The format of an ML API's logs, for three indexes: all records, predictions, performance metrics."""

    def __init__(self, options: MlApiOptions) -> None:
        self._pattern = options.filter_pattern.encode()
        self._timezone = options.timezone
        self._heads: dict[bytes, Head] = {}
        self._last: Head = (b"\n", 0, None, b"")  # no line begins with it

    def begins(self, line: bytes) -> Head | None:
        """Find the head of a line that begins with a time."""
        last = self._last
        if line.startswith(last[0]):  # as most do, within a second
            return last
        found = _HEAD.match(line)
        if found is None:
            return _NO_HEAD if _BEGINS.match(line) else None
        raw = found[0]
        head = self._heads.get(raw) or self._head(raw, *found.groups())
        if found[2] and raw.endswith(b" "):  # then every line that begins with it has the same
            self._last = head
        return head

    def route(
        self, record: Record, time: str, sequence: int, identity: bytes, documents: dict[str, list[Row]]
    ) -> tuple[str, bool]:
        """Read a record in any of the forms above; what is not recognised is a log with its message."""
        _, raw, text, head, sent = record
        # What the log document and the prediction share:
        fields: dict[str, Any] = {"@timestamp": time, "sequence": sequence}
        if sent is None:
            begun, begun_escaped, own_time, members = head or _NO_HEAD
            if own_time:
                fields["@timestamp"] = time = own_time
            message, message_text = raw[len(begun) :], text[begun_escaped:]
            metrics = _read_message(fields, message)
        else:
            message, message_text, members, metrics = self._read_object(fields, raw, text, dict(sent))
            time = str(fields["@timestamp"])
        if "data" in fields:
            members += _members({"data": fields.pop("data")})
        shared = _written(fields)
        log = (b"{", members, b'"message":"', message_text, b'","raw_log":"', text, b'",', shared[1:])
        documents[LOGS].append((identity, time, b"".join(log)))
        passed = metrics is not None or self._passes(fields, message)
        if passed and "result" in fields and "input_data" in fields:
            documents[MESSAGE].append((identity, time, shared))
        if metrics is not None:
            metrics["@timestamp"], metrics["sequence"] = time, sequence
            documents[PERFS].append((identity, time, _written(metrics)))
        return time, passed

    def _passes(self, fields: dict[str, Any], message: bytes) -> bool:
        """Apply the rest of the seeds' filter: a POST to /predict, or the pattern or metrics in the message."""
        return (
            (fields.get("http_path") == "/predict" and fields.get("http_method") == "POST")
            or self._pattern in message
            or b"performance_metrics" in message
        )

    def _head(self, raw: bytes, time: bytes, logger: bytes | None, level: bytes | None) -> Head:
        """Read a head, and remember it."""
        members = _level_and_logger(level and level.decode(), logger and logger.decode())
        if len(self._heads) >= _REMEMBERED:
            self._heads.clear()
        head = self._heads[raw] = raw, len(escaped(raw)), parsed_instant(time.decode(), self._timezone), members
        return head

    def _read_object(
        self, fields: dict[str, Any], raw: bytes, text: bytes, sent: dict[str, Any]
    ) -> tuple[bytes, bytes, bytes, dict[str, Any] | None]:
        """Read an object by its fields; those of `data` count like those of the object itself.

        Returns:
            Its message, the same as it stands in a JSON string, its level and logger as members of a JSON object, and
            the performance metrics in it, if any.
        """
        _set(fields, "@timestamp", self._pop_time(sent))
        members = _level_and_logger(_pop_word(sent, "level"), _pop_word(sent, "logger"))
        said = _pop_word(sent, "message")
        if said:
            message, text = said.encode(), orjson.dumps(said)[1:-1]
            metrics = _read_message(fields, message)
        else:
            message, metrics = raw, None
        for inner in ("message", "data"):
            if type(sent.get(inner)) is dict:
                sent |= sent.pop(inner)
        metrics = _take(fields, sent) or metrics
        return message, text, members, metrics

    def _pop_time(self, sent: dict[str, Any]) -> str | None:
        name = "timestamp" if "timestamp" in sent else "@timestamp"
        value, time = sent.get(name), None
        if isinstance(value, str):
            time = parsed_instant(value, self._timezone)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            time = counted_instant(value)
        if time:
            del sent[name]
        return time


@lru_cache(_REMEMBERED)
def _level_and_logger(level: str | None, logger: str | None) -> bytes:
    """Return both as members of a JSON object, each with a comma after it."""
    return _members({name: value for name, value in (("level", level), ("logger", logger)) if value})


def _written(fields: dict[str, Any]) -> bytes:
    """Write fields as JSON. What is nested deeper than the library writes is taken out; the raw text keeps it."""
    try:
        return orjson.dumps(fields)
    except TypeError:
        for name in [name for name, value in fields.items() if isinstance(value, dict | list)]:
            del fields[name]
        return orjson.dumps(fields)


def _members(fields: dict[str, Any]) -> bytes:
    """Write fields as members of a JSON object, each with a comma after it."""
    members = _written(fields)[1:-1]
    return members + b"," if members else b""


def _pop_word(sent: dict[str, Any], name: str) -> str | None:
    value = word(sent.get(name))
    if value:
        del sent[name]
    return value


def _set(fields: dict[str, Any], name: str, value: object) -> None:
    if value is not None:
        fields[name] = value


def _read_message(fields: dict[str, Any], message: bytes) -> dict[str, Any] | None:
    """Read what the message says into the fields; return the performance metrics that it carries, if any."""
    if message.startswith(b"{"):
        found = json_value(message)
        return _take(fields, found) if type(found) is dict else None
    start: Any = _START.match(message)  # it matches everything
    transaction, text = start.groups()
    call = _remembered_call(text) if text else None
    if transaction and (call or _NAMED_TRANSACTION.fullmatch(transaction)):
        fields["transaction_id"] = transaction.decode()
    if call is None:
        return None
    known, after = call
    rest = message[start.end() :]
    if rest and after not in _MARKERS:  # the text was cut inside the call, at a brace in its path
        known, after = _read_call(text + rest) or call
        rest = b""
    fields |= known
    if after == _PAIR:
        return _read_pair(fields, rest, _PAIR)
    return _read_json(fields, after + rest)


def _read_call(text: bytes) -> tuple[dict[str, Any], bytes] | None:
    """Read a call: its fields, and what comes after it. The text may have been cut, even within a character."""
    found = _CALL.match(text)
    if found is None:
        return None
    method, path, status, time = found.groups()
    fields: dict[str, Any] = {"http_method": method.decode(), "http_path": path.decode("utf-8", "replace")}
    _set(fields, "status_code", status and int(status))
    _set(fields, "execution_time_ms", time and float(time))
    return fields, text[found.end() :]


_remembered_call = lru_cache(_REMEMBERED)(_read_call)


def _read_json(fields: dict[str, Any], rest: bytes) -> dict[str, Any] | None:
    """Read what comes after a call; return the performance metrics in it, if any."""
    if rest.startswith(_INPUT):
        return _read_pair(fields, rest.removeprefix(_INPUT), _RESULT)
    if rest.startswith(_RESULT):
        _set(fields, "result", _result(json_value(rest.removeprefix(_RESULT))))
    elif rest.startswith(b" - {"):
        return _read_pair(fields, rest.removeprefix(_PAIR), _PAIR)
    return None


def _read_pair(fields: dict[str, Any], rest: bytes, marker: bytes) -> dict[str, Any] | None:
    """Read an input and a result with the marker between them, or the one object that names all its parts itself."""
    first, _, second = rest.partition(marker)
    given, result = json_value(first), json_value(second)
    if type(given) is dict and type(result) is dict and " " not in "".join(given):
        fields["input_data"], fields["result"] = given, result
        return None
    if _input(given) is None:  # the marker was inside a string, or this is no JSON
        first = _first_value(rest)
        second = rest[len(first) :].removeprefix(marker)
        given, result = json_value(first), json_value(second)
    alone = isinstance(given, dict) and marker == _PAIR and not second.strip()
    # It names its parts, or it tells why a request failed, or it is the input.
    if alone and (not _FIELDS.keys().isdisjoint(given) or fields.get("status_code", 0) >= _FAILED):
        return _take(fields, given)
    _set(fields, "input_data", _input(given))
    _set(fields, "result", _result(result))
    return None


def _first_value(text: bytes) -> bytes:
    """Return the JSON value at the beginning; b"" when there is none."""
    characters = text.decode()
    try:
        return characters[: JSONDecoder().raw_decode(characters)[1]].encode()
    except (ValueError, RecursionError):
        return b""


def _input(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Take an input: an object or a list of objects, or text that is one, its features by the documents' names."""
    if type(value) is dict and " " not in "".join(value):
        return value
    return _structure(value, features=True)


def _result(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Take a result: an object or a list of objects, or a bare value, which is the prediction; None for null."""
    result = value if type(value) is dict else _structure(value)
    return {"prediction": value} if result is None and value is not None else result


def _structure(value: Any, *, features: bool = False) -> Any:  # noqa: ANN401 (any JSON value)
    """Take an object, or a list of objects, or text that is one in JSON; None for anything else."""
    if isinstance(value, str):
        value = json_value(value)
    if isinstance(value, dict):
        return {_feature(name): each for name, each in value.items()} if features else value
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [_structure(each, features=features) for each in value]
    return None


def _feature(name: str) -> str:
    """Give a feature the name that it has in documents."""
    return _FEATURES.get(name.strip(), name.strip().replace(" ", "_"))


def _functions(value: object) -> list[dict[str, Any]] | None:
    """Take a list of profiled functions, each with its name under `function`; None for anything else."""
    if type(value) is not list:
        return None
    for each in value:
        if type(each) is not dict:
            return None
        if "function_name" in each:
            each["function"] = each.pop("function_name")
    return value


def _metrics(value: object) -> dict[str, Any] | None:
    """Take performance metrics as a performance document has them; what it has no field for is in its `data`."""
    if not isinstance(value, dict):
        return None
    metrics: dict[str, Any] = {}
    rest = fit(value, _METRICS, metrics)
    return metrics | {"data": rest} if rest else metrics


def _take(fields: dict[str, Any], found: dict[str, Any]) -> dict[str, Any] | None:
    """Take an object's fields into the log document; return the performance metrics among them, if any.

    What the document has no field for, or what does not fit its field, is in its `data`.
    """
    rest = fit(found, _FIELDS, fields)
    metrics: dict[str, Any] | None = fields.pop("performance_metrics", None)
    if rest:
        fields["data"] = fields.get("data", {}) | rest
    if metrics and "transaction_id" in metrics:
        fields.setdefault("transaction_id", metrics["transaction_id"])
    return metrics


def _named(**takers: Callable[[Any], Any]) -> Takers:
    return {name: (name, take) for name, take in takers.items()}


_FIELDS = _named(
    transaction_id=word,
    http_method=word,
    http_path=word,
    status_code=whole(2**31 - 1),
    execution_time_ms=number,
    input_data=_input,
    result=_result,
    performance_metrics=_metrics,
) | {"method": ("http_method", word), "path": ("http_path", word)}  # as the Space sends them
_METRICS = _named(
    transaction_id=word,
    inference_time_ms=number,
    cpu_time_ms=number,
    memory_mb=number,
    memory_delta_mb=number,
    latency_ms=number,
    function_calls=whole(2**63 - 1),
    top_functions=_functions,
)
