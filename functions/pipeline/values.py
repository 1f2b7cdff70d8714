"""Values as documents hold them: what was sent fits a field's type, or it is not that field."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

import orjson

from functions.pipeline.expressions import compiled

Taker = tuple[str, Callable[[Any], Any]]
"""What takes a value that was sent: the document's field, and what gives the value there; None when it does not fit."""


def named(**takers: Callable[[Any], Any]) -> dict[str, Taker]:
    """Make the takers of fields that are sent under their own names."""
    return {name: (name, take) for name, take in takers.items()}


def fit(found: dict[str, Any], takers: dict[str, Taker], taken: dict[str, Any]) -> dict[str, Any]:
    """Take what fits its field of a document; return the rest. Nulls are nothing.

    Args:
        found: what was sent.
        takers: the fields, by the names that are sent.
        taken: the document's values by field, to add to.
    """
    rest = {}
    for name, value in found.items():
        field, take = takers.get(name, _NO_FIELD)
        # Most values are numbers already, and a call would cost more than all the rest of this loop.
        fitting = value if take is number and type(value) is float else take(value)
        if fitting is not None:
            taken[field] = fitting
        elif value is not None:
            rest[name] = value
    return rest


def put(fields: dict[str, Any], name: str, value: object) -> None:
    """Set a field, unless there is no value for it."""
    if value is not None:
        fields[name] = value


def word(value: object) -> str | None:
    """Take text, or a number as text; None for anything else, and for no text at all."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def number(value: object) -> float | None:
    """Take a number, or text that is one; None for anything else."""
    if isinstance(value, str):
        value = json_value(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def decimal(value: object) -> float | None:
    """Take a number, or text that is one, with a decimal point or comma, and blanks between thousands: `1 234,5`.

    None for anything else, what is infinite or not a number included.
    """
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and compiled(_DECIMAL).fullmatch(value.strip()):
        value = float("".join(value.split()).replace(",", "."))
    return value if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) else None


def whole(most: int) -> Callable[[object], int | None]:
    """Take a whole number of at most so much, or text that is one; None for anything else."""

    def take(value: object) -> int | None:
        if type(value) is int:
            return value if -most <= value <= most else None
        sent = number(value)
        return int(sent) if sent is not None and abs(sent) <= most and sent == int(sent) else None

    return take


def json_value(text: bytes | str) -> Any:  # noqa: ANN401 (any JSON value)
    """Read JSON; None when it is none (and for null)."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def written(fields: dict[str, Any]) -> bytes:
    """Write fields as JSON, with "?" for half a surrogate pair.

    What is nested deeper than the library writes is taken out; the raw text keeps it.
    """
    try:
        return orjson.dumps(fields)
    except TypeError:
        for name in [name for name, value in fields.items() if not _is_written(value)]:
            put(fields, name, _encodable(fields.pop(name)))
        return orjson.dumps(fields)


def _is_written(value: Any) -> bool:  # noqa: ANN401 (any JSON value)
    try:
        return bool(orjson.dumps(value))
    except TypeError:
        return False


def _encodable(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Replace what UTF-8 does not have; None for what cannot be written all the same."""
    try:
        encodable = orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return encodable if _is_written(encodable) else None


def members(fields: dict[str, Any]) -> bytes:
    """Write fields as members of a JSON object, each with a comma after it."""
    inner = written(fields)[1:-1]
    return inner + b"," if inner else b""


_LONGEST_NUMBER = 64  # characters
_DECIMAL = r"[+-]?(?:[0-9]{1,3}(?:\s[0-9]{3})+|[0-9]+)(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]{1,3})?"
_NO_FIELD: Taker = ("", lambda _value: None)
