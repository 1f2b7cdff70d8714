"""The logs of an ML API: requests with their input and result, performance metrics, and anything else it says.

The forms of line are those of the users' documents and of what their systems really send: text lines
`timestamp - logger - LEVEL - message`, and JSON objects with `timestamp`, `level`, `message`, `logger` and `data`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.config import setting, text
from functions.pipeline.documents import LOGS, MESSAGE, PERFS, Document
from functions.pipeline.formats import Event
from functions.pipeline.instants import counted_instant, parsed_instant
from functions.pipeline.values import Takers, fitted, json_value, number, renamed, whole, word

if TYPE_CHECKING:
    from datetime import tzinfo

    from functions.pipeline.records import Record

_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_BEGINS = re.compile(rf"{_TIME}(?!\w)".encode())
_LEVEL = "[A-Z]{3,12}|debug|info|notice|warn|warning|error|critical|fatal|trace"
_HEAD = re.compile(rf"({_TIME})(?: - ([^\n]{{1,200}}?) - ({_LEVEL}) -(?: |$)| +(?:- )?|$)")
_CALL = re.compile(
    r"(?:\[([^\]\s]{1,128})\] )?(?:API Call - )?(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/\S*)"
    r"(?: - (?:Status: )?(\d{3})(?!\d)| - Status: [^ ]*)?"
    r"(?: - (?:Time: )?(-?\d{1,15}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?) ?ms(?!\w)| - Time: [^ ]*)?"
)
_TRANSACTION = re.compile(r"\[((?=[^\]]*\d)[\w.:-]{1,128})\] ")

_NAMES = {"method": "http_method", "path": "http_path"}  # of fields: as the Space sends them, and in documents
_FEATURES = {"ALCOHOL CONSUMING": "ALCOHOL"}  # likewise; in other names, underscores stand for the spaces
_CARRIED = ("@timestamp", "sequence", "transaction_id", "http_method", "http_path", "status_code", "execution_time_ms")
_FAILED = 400  # and above: the HTTP status of a request that failed
_DECODER = json.JSONDecoder()


def _zone(value: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("the name of a time zone, such as UTC or Europe/Paris") from error


@dataclass(frozen=True)
class MlApiOptions:
    """What the seeds' filter lets pass, and the zone of times that name none."""

    filter_pattern: str = setting("PIPELINE_FILTER_PATTERN", text, "API Call - POST /predict")
    timezone: tzinfo = setting("PIPELINE_TIMEZONE", _zone, UTC)


class MlApi:
    """The format of an ML API's logs, for three indexes: all records, predictions, performance metrics."""

    def __init__(self, options: MlApiOptions) -> None:
        self._options = options

    def begins(self, line: bytes) -> bool:
        """Say whether a line begins with a time."""
        return _BEGINS.match(line) is not None

    def parse(self, record: Record) -> Event:
        """Read a record in any of the forms above; what is not recognised is a log with its message."""
        raw = record.raw.decode("utf-8", "replace")
        if record.fields is None:
            return self._parse_text(raw)
        return self._parse_object(raw, record.fields)

    def filter(self, event: Event) -> bool:
        """Apply the seeds' rule: the pattern or performance metrics in the message, or a POST to /predict."""
        message = event.fields["message"]
        return (
            self._options.filter_pattern in message
            or event.metrics is not None
            or "performance_metrics" in message
            or (event.fields.get("http_path") == "/predict" and event.fields.get("http_method") == "POST")
        )

    def route(self, event: Event, record_id: str, *, passed: bool) -> list[Document]:
        """Make the log document; for an event that passed the filter, the prediction's and the performance one too."""
        fields = event.fields
        made = [(LOGS, fields)]
        if passed and "input_data" in fields and "result" in fields:
            carried = {name: fields[name] for name in _CARRIED if name in fields}
            made.append((MESSAGE, carried | {"input_data": fields["input_data"], "result": fields["result"]}))
        if passed and event.metrics is not None:
            carried = {name: fields[name] for name in ("@timestamp", "sequence") if name in fields}
            made.append((PERFS, carried | event.metrics))
        bodies = ((kind, _body(kind, each)) for kind, each in made)
        return [Document(kind, record_id, fields["@timestamp"], body) for kind, body in bodies if body]

    def _parse_text(self, raw: str) -> Event:
        fields: dict[str, Any] = {}
        head = _HEAD.match(raw)
        if head:
            time, logger, level = head.groups()
            _set(fields, "@timestamp", parsed_instant(time, self._options.timezone))
            _set(fields, "level", level)
            _set(fields, "logger", logger)
        fields["message"] = raw[head.end() :] if head else raw
        fields["raw_log"] = raw
        return Event(fields, _read_message(fields))

    def _parse_object(self, raw: str, sent: dict[str, Any]) -> Event:
        """Read an object by its fields; those of `data` count like those of the object itself."""
        rest = dict(sent)
        fields: dict[str, Any] = {}
        _set(fields, "@timestamp", self._pop_time(rest))
        _set(fields, "level", _pop_word(rest, "level"))
        _set(fields, "logger", _pop_word(rest, "logger"))
        message = _pop_word(rest, "message")
        fields["message"], fields["raw_log"] = message or raw, raw
        metrics = _read_message(fields) if message else None
        for inner in ("message", "data"):
            if isinstance(rest.get(inner), dict):
                rest |= rest.pop(inner)
        return Event(fields, _take(fields, rest) or metrics)

    def _pop_time(self, sent: dict[str, Any]) -> str | None:
        name = "timestamp" if "timestamp" in sent else "@timestamp"
        value, time = sent.get(name), None
        if isinstance(value, str):
            time = parsed_instant(value, self._options.timezone)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            time = counted_instant(value)
        if time:
            del sent[name]
        return time


def _body(kind: str, fields: dict[str, Any]) -> bytes | None:
    """Write a document; of one that is nested deeper than the library writes, only the log document's plain fields."""
    try:
        return orjson.dumps(fields)
    except TypeError:
        plain = {name: value for name, value in fields.items() if not isinstance(value, dict | list)}
        return orjson.dumps(plain) if kind == LOGS else None


def _pop_word(sent: dict[str, Any], name: str) -> str | None:
    value = word(sent.get(name))
    if value:
        del sent[name]
    return value


def _set(fields: dict[str, Any], name: str, value: object) -> None:
    if value is not None:
        fields[name] = value


def _read_message(fields: dict[str, Any]) -> dict[str, Any] | None:
    """Read what the message says into the fields; return the performance metrics that it carries, if any."""
    message = fields["message"]
    if message[:1] == "{":
        found = json_value(message)
        return _take(fields, found) if isinstance(found, dict) else None
    call = _CALL.match(message)
    if call:
        return _read_call(fields, call)
    transaction = _TRANSACTION.match(message)
    _set(fields, "transaction_id", transaction and transaction[1])
    return None


def _read_call(fields: dict[str, Any], call: re.Match[str]) -> dict[str, Any] | None:
    transaction, method, path, status, time = call.groups()
    _set(fields, "transaction_id", transaction)
    fields["http_method"], fields["http_path"] = method, path
    _set(fields, "status_code", status and int(status))
    _set(fields, "execution_time_ms", time and float(time))
    rest = call.string[call.end() :]
    if rest.startswith(" - Input: "):
        _read_pair(fields, rest[10:], " - Result: ")
    elif rest.startswith(" - Result: "):
        _set(fields, "result", _result(rest[11:]))
    elif rest.startswith(" - {"):
        return _read_pair(fields, rest[3:], " - ")
    return None


def _read_pair(fields: dict[str, Any], rest: str, marker: str) -> dict[str, Any] | None:
    """Read an input and a result with the marker between them, or the one object that names all its parts itself."""
    first, _, second = rest.partition(marker)
    given = _spliced(first, features=True)
    if given is None:  # the marker was inside a string, or this is no JSON
        end = _end_of_value(rest)
        first, second = rest[:end], rest[end:].removeprefix(marker)
        given = _spliced(first, features=True)
    result = _result(second)
    if given is not None and not second.strip() and marker == " - ":
        alone = orjson.loads(first)  # it names its parts, or it tells why a request failed, or it is the input
        if not _FIELDS.keys().isdisjoint(renamed(alone, _NAMES)) or fields.get("status_code", 0) >= _FAILED:
            return _take(fields, alone)
    _set(fields, "input_data", given)
    _set(fields, "result", result)
    return None


def _end_of_value(text: str) -> int:
    """Find where the JSON value at the beginning ends; 0 when there is none."""
    try:
        return _DECODER.raw_decode(text)[1]
    except (ValueError, RecursionError):
        return 0


def _spliced(text: str, *, features: bool = False) -> Any:  # noqa: ANN401 (a JSON value, or a fragment of JSON)
    """Validate JSON that documents carry on as it is; None where it is none that they can.

    It is not built again when it is surely one flat object of different names on one line.
    """
    value = json_value(text)
    if type(value) is dict and "\n" not in text and "\r" not in text:
        texts = sum(type(each) is str for each in value.values())
        flat = text.count('":') == len(value) and text.count('"') == 2 * (len(value) + texts)
        if flat and not (features and " " in "".join(value)):
            return orjson.Fragment(text)
    return _structure(value, features=features)


def _result(text: str) -> Any:  # noqa: ANN401 (a JSON value, or a fragment of JSON)
    """Validate a result as `_spliced` does; a bare value, such as 1 or "YES", is the prediction."""
    result = _spliced(text)
    return _prediction(json_value(text)) if result is None else result


def _prediction(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Take a result: an object or a list of objects, or a bare value, which is the prediction; None for null."""
    result = _structure(value)
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
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    return [renamed(each, {"function_name": "function"}) for each in value]


def _metrics(value: object) -> dict[str, Any] | None:
    """Take performance metrics as a performance document has them; what it has no field for is in its `data`."""
    if not isinstance(value, dict):
        return None
    metrics, rest = fitted(value, _METRICS)
    return metrics | {"data": rest} if rest else metrics


def _take(fields: dict[str, Any], found: dict[str, Any]) -> dict[str, Any] | None:
    """Take an object's fields into the log document; return the performance metrics among them, if any.

    What the document has no field for, or what does not fit its field, is in its `data`.
    """
    taken, rest = fitted(renamed(found, _NAMES), _FIELDS)
    metrics: dict[str, Any] | None = taken.pop("performance_metrics", None)
    fields |= taken
    if rest:
        fields["data"] = fields.get("data", {}) | rest
    if metrics and "transaction_id" in metrics:
        fields.setdefault("transaction_id", metrics["transaction_id"])
    return metrics


_FIELDS: Takers = {
    "transaction_id": word,
    "http_method": word,
    "http_path": word,
    "status_code": whole(2**31 - 1),
    "execution_time_ms": number,
    "input_data": partial(_structure, features=True),
    "result": _prediction,
    "performance_metrics": _metrics,
}
_METRICS: Takers = {
    "transaction_id": word,
    "inference_time_ms": number,
    "cpu_time_ms": number,
    "memory_mb": number,
    "memory_delta_mb": number,
    "latency_ms": number,
    "function_calls": whole(2**63 - 1),
    "top_functions": _functions,
}
