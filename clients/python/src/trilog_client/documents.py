"""Turns what an application logs into one line of JSON: at once, so that later changes to it do not show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

_T = TypeVar("_T")

MAX_BYTES: Final = 1024 * 1024
"""The longest document that is sent, in bytes of JSON."""
_MAX_DEPTH = 32
_MAX_VALUES = 100_000  # of a document that has to be cleaned value by value
_MAX_ARRAY = 1_000  # values of a NumPy array or pandas Series; a longer one is summarised as `repr` does
_MAX_BITS = 10_000  # of a whole number: Python writes no more than 4,300 digits
_MAX_TEXT = 10_000  # characters of a value that is only known by its `repr`


def encode(log_data: object) -> bytes:
    """Return a document as a line of JSON with its line feed; never raises an `Exception`.

    A document without `timestamp` or `@timestamp` gets the current time. What is no mapping becomes its `message`.
    """
    try:
        document = _document(log_data)
        try:
            return _ENCODER.encode(document).encode() + b"\n"
        except (ValueError, TypeError, RecursionError, RuntimeError):  # NaN, a key, a circle, another thread's change
            return _ENCODER.encode(_Cleaner().clean(document, 0)).encode("utf-8", "replace") + b"\n"
    except Exception as error:  # noqa: BLE001 - foreign objects may raise anything, and the application goes on
        return (
            _ENCODER.encode({"timestamp": now(), "log_level": "ERROR", "message": _unreadable(error)}).encode() + b"\n"
        )


def now() -> str:
    """Return the current time in UTC, by ISO 8601."""
    return datetime.now(timezone.utc).isoformat()


def _document(log_data: object) -> Mapping[Any, Any]:
    if not isinstance(log_data, Mapping):
        return {"timestamp": now(), "message": log_data}
    if "timestamp" in log_data or "@timestamp" in log_data:
        return log_data if isinstance(log_data, dict) else dict(log_data)
    return {"timestamp": now(), **log_data}


def _unreadable(error: Exception) -> str:
    return f"trilog_client could not read a document: {type(error).__name__}"


def _known(value: Any) -> object:
    """Return a value that JSON does not have as one that it has, or whose parts it may have."""
    try:
        return _converted(value)
    except Exception:  # noqa: BLE001 - as above
        return text(value)


def _converted(value: Any) -> object:  # noqa: PLR0911 - a table of types
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value[:_MAX_TEXT]).decode("utf-8", "replace")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return _array(value)


def _array(value: Any) -> object:
    """Return the numbers of what NumPy, pandas or a like library holds, or else the text of a value."""
    size = getattr(value, "size", None)
    if isinstance(size, int) and size <= _MAX_ARRAY and hasattr(value, "tolist") and not isinstance(value, type):
        return value.tolist()
    return text(value)


def text(value: object) -> str:
    """Return the text of a value as `str` gives it, shortened; never raises an `Exception`."""
    try:
        return str(value)[:_MAX_TEXT]
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}>"


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_known)


class _Cleaner:
    """Rebuilds one document of what JSON has: bounded in depth and in size."""

    def __init__(self) -> None:
        self._left = _MAX_VALUES
        self._open: set[int] = set()  # what is around the value, by `id`

    def clean(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, int):
            return _whole(value)
        if isinstance(value, float):
            return value if isfinite(value) else None
        if id(value) in self._open:
            return "<circular>"
        if depth > _MAX_DEPTH or self._left < 0:
            return "…"
        return self._parts(value, depth + 1)

    def _parts(self, value: Any, depth: int) -> Any:
        self._open.add(id(value))
        try:
            if isinstance(value, Mapping):
                return {_key(key): self.clean(each, depth) for key, each in self._bounded(value.items())}
            if isinstance(value, (list, tuple)):
                return [self.clean(each, depth) for each in self._bounded(value)]
            return self.clean(_known(value), depth)
        finally:
            self._open.discard(id(value))

    def _bounded(self, values: Iterable[_T]) -> list[_T]:
        """Copy what another thread may be changing, and no more of it than may still be read."""
        return list(values)[: max(self._left, 0)]


def _whole(value: int) -> object:
    return value if value.bit_length() <= _MAX_BITS else f"{value:#x}"[:_MAX_TEXT]


def _key(key: object) -> str:
    return key if isinstance(key, str) else text(key)
