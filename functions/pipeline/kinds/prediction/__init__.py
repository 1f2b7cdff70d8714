"""Predictions: what a model was given and what it answered.

The forms are those of the users' documents and of what their systems really send, in text:

    [9d1c…] API Call - POST /predict - Status: 200 - Time: 15.98ms - Input: {…} - Result: {…}
    [abc-123] POST /predict - 200 - 45ms - {…} - {…}

and objects with `input_data` and `result`. Other requests are read too, for the fields that they share.

This is the hot path: what one call has in common with another is remembered.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from orjson import JSONDecodeError, loads

from functions.pipeline.durations import UNITS
from functions.pipeline.kinds import Kind
from functions.pipeline.kinds.misfits import NUMBERS
from functions.pipeline.loose_json import first_value
from functions.pipeline.records import ROUNDED
from functions.pipeline.values import json_value, put

if TYPE_CHECKING:
    from functions.pipeline.kinds import Found
    from functions.pipeline.kinds.fields import Fields

_CALL = re.compile(
    rb"(?:API Call - )?(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/\S*)"
    rb"(?: - (?:Status: )?(\d{3})(?!\d)| - Status: [^ ]*)?"
    rb"(?: - (?:Time: )?(-?\d{1,15}(?:[.,]\d{1,20})?(?:[eE][+-]?\d{1,2})?) ?(ms|s|us|\xc2\xb5s|\xce\xbcs|ns)(?!\w)"
    rb"| - Time: [^ ]*)?"
)
_START = re.compile(
    rb"(?:\[([^\]\s]{1,128})\] )?"  # a transaction,
    rb"((?:API Call - )?(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) [^{]{1,256})?"  # and a call, up to any JSON
)
_NAMED_TRANSACTION = re.compile(rb"(?=.*\d)[\w.:-]+")  # in front of other messages than calls
_INPUT, _RESULT, _PAIR = b" - Input: ", b" - Result: ", b" - "  # come after a call, before JSON
_MARKERS = (_PAIR, _INPUT, _RESULT)
_MILLISECONDS = {unit.encode(): size for unit, size in UNITS.items()}
_REMEMBERED = 4096  # calls
_NAMES: set[tuple[str, ...]] = set()  # of the features of inputs, where any numbers fit
_MOST_NAMES, _LARGEST = 64, 1024  # inputs, and the features of one
_FEATURES = {"ALCOHOL CONSUMING": "ALCOHOL"}  # as the Space sends them; in other names, underscores stand for spaces
_VALUES = frozenset((b"{", b"[", b'"', b"'"))  # the bytes that a value begins with where text is none
_FAILED = 400  # and above: the HTTP status of a request that failed


def _read_text(message: bytes, fields: dict[str, Any], known: Fields) -> Found:
    """Read a transaction and a call, with what was given and answered."""
    start: Any = _START.match(message)  # it matches everything
    transaction, text = start.groups()
    call = _remembered_call(text) if text else None
    if transaction and (call or _NAMED_TRANSACTION.fullmatch(transaction)):
        fields["transaction_id"] = transaction.decode()
    if call is None:
        return None
    read, after = call
    rest = message[start.end() :]
    if after == _PAIR:
        fields |= read
        return _read_pair(fields, rest, _PAIR, known)
    if rest and after not in _MARKERS:  # the text was cut inside the call, at a brace in its path
        read, after = _read_call(text + rest) or call
        rest = b""
    fields |= read
    return _read_json(fields, after + rest, known)


def _read_call(text: bytes) -> tuple[dict[str, Any], bytes] | None:
    """Read a call: its fields, and what comes after it. The text may have been cut, even within a character."""
    found = _CALL.match(text)
    if found is None:
        return None
    method, path, status, time, unit = found.groups()
    fields: dict[str, Any] = {"http_method": method.decode(), "http_path": path.decode("utf-8", "replace")}
    put(fields, "status_code", status and int(status))
    put(fields, "execution_time_ms", time and float(time.replace(b",", b".")) * _MILLISECONDS[unit])
    return fields, text[found.end() :]


_remembered_call = lru_cache(_REMEMBERED)(_read_call)


def _read_json(fields: dict[str, Any], rest: bytes, known: Fields) -> Found:
    """Read what comes after a call."""
    if rest.startswith(_INPUT):
        return _read_pair(fields, rest.removeprefix(_INPUT), _RESULT, known)
    if rest.startswith(_RESULT):
        put(fields, "result", _result(first_value(rest.removeprefix(_RESULT).decode())[0]))
        known.misfits.move(fields)
    elif rest.startswith(_PAIR) and rest[len(_PAIR) : len(_PAIR) + 1] in _VALUES:
        return _read_pair(fields, rest.removeprefix(_PAIR), _PAIR, known)
    return None


def _read_pair(fields: dict[str, Any], rest: bytes, marker: bytes, known: Fields) -> Found:
    """Read an input and a result with the marker between them, or the one object that names all its parts itself."""
    first, _, second = rest.partition(marker)
    try:
        given, result = loads(first), loads(second)
    except JSONDecodeError:
        return _read_loosely(fields, rest.decode(), marker.decode(), known)
    if type(given) is dict and type(result) is dict:
        types = known.results
        for name, each in result.items():
            if type(each) not in types[name]:
                break
        else:
            try:  # where all are numbers, their sum tells whether one had more digits than a float has
                total: float = sum(given.values())
            except TypeError:
                plain = _is_plain(given, known)
            else:
                plain = -ROUNDED < total < ROUNDED and ((*given,) in _NAMES or _has_plain_names(given, known))
            if plain:
                fields["input_data"], fields["result"] = given, result
                return None
    return _read_loosely(fields, rest.decode(), marker.decode(), known)


def _is_plain(given: dict[str, Any], known: Fields) -> bool:
    """Say whether an input is a document's as it is, as far as names and types tell."""
    types = known.inputs
    for name, each in given.items():
        if type(each) not in types[name] or (type(each) is float and not -ROUNDED < each < ROUNDED) or " " in name:
            return False
    return True


def _has_plain_names(given: dict[str, Any], known: Fields) -> bool:
    """Say whether any numbers under these names are a document's input; of a model, they are always the same."""
    if not all(known.inputs[name] >= NUMBERS and " " not in name for name in given):
        return False
    if len(given) <= _LARGEST:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        _NAMES.add((*given,))
    return True


def _read_loosely(fields: dict[str, Any], rest: str, marker: str, known: Fields) -> Found:
    """Read the same where it is not strictly JSON, where the marker is inside a string, or where text follows."""
    given, end = first_value(rest)
    if not rest.startswith(marker, end):  # an input that is text: a prompt
        text, there, _ = rest.partition(marker)
        if there and not end:
            given, end = text, len(text)
    second = rest[end:].removeprefix(marker) if rest.startswith(marker, end) else ""
    alone = isinstance(given, dict) and marker == _PAIR.decode() and not second.strip()
    # It names its parts, or it tells why a request failed, or it is the input.
    if alone and (not known.names.isdisjoint(given) or fields.get("status_code", 0) >= _FAILED):
        return known.take(fields, given)
    put(fields, "input_data", _input(given))
    put(fields, "result", _result(first_value(second)[0]))
    known.misfits.move(fields)
    return None


def _input(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Take an input: an object or a list of objects, its features by the documents' names; else what it is.

    Text that is JSON is read. Other text, a prompt say, is `text`; a list of numbers, or of lists, is `values`.
    """
    if type(value) is dict and " " not in "".join(value):
        return value
    if isinstance(value, str):
        read, end = first_value(value)
        value = read if end == len(value) and isinstance(read, dict | list) else value
    if isinstance(value, str):
        return {"text": value} if value.strip() else None
    if isinstance(value, dict):
        return {feature_name(name): each for name, each in value.items()}
    if isinstance(value, list) and value:
        whole = all(isinstance(each, dict) for each in value)
        return [_input(each) for each in value] if whole else {"values": value}
    return None


def _result(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Take a result: an object or a list of objects, or a bare value, which is the prediction; None for null."""
    if type(value) is dict:
        return value
    result = _structure(value)
    return {"prediction": value} if result is None and value is not None else result


def _structure(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Take an object, or a list of objects, or text that is one in JSON; None for anything else."""
    if isinstance(value, str):
        value = json_value(value)
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return value
    return None


def feature_name(name: str) -> str:
    """Give a feature the name that it has in documents."""
    return _FEATURES.get(name.strip(), name.strip().replace(" ", "_"))


KIND = Kind(
    name="message",
    shown=("transaction_id", "result", "execution_time_ms", "input_data"),
    numbers=("execution_time_ms",),
    takers={
        **dict.fromkeys(("input_data", "features", "inputs", "instances", "input"), ("input_data", _input)),
        **dict.fromkeys(("result", "output", "outputs", "prediction", "predictions", "response"), ("result", _result)),
    },
    starts=b"[AGPHDO",  # a transaction, or the letters that the call and its methods begin with
    read_text=_read_text,
    needs=frozenset(("input_data", "result")),
    ids=("transaction_id", "trace_id"),
    duration=("execution_time_ms", 1),
)
