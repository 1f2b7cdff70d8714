"""When each row is due, where the gaps between runs are kept. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.times.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMES = ("Debut", "@timestamp", "timestamp", "time")
_SOURCES = ("Source", "source")


def fields_of(row: bytes) -> Mapping[str, Any]:
    """Read a row that is a JSON object; any other has no fields."""
    try:
        fields = orjson.loads(row)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def key_of(fields: Mapping[str, Any]) -> str | None:
    """Return what a row's source is called, so that the rows of one source stay in order; None if it does not say."""
    for name in _SOURCES:
        source = fields.get(name)
        if isinstance(source, dict):
            source = source.get("name")
        if isinstance(source, str) and source:
            return source
    return None


class Pace:
    """Tells how many seconds after the first run each run began, at a multiple of the real speed."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._clock = Clock(UTC, day_first=True)
        self._first: datetime | None = None

    def due(self, fields: Mapping[str, Any]) -> float:
        """Return the seconds after the first run at which this one is due: 0 where it does not say when it began."""
        written = next((fields[name] for name in _TIMES if isinstance(fields.get(name), str)), None)
        read = self._clock.read(written) if written else None
        if read is None:
            return 0.0
        began = datetime.fromisoformat(read)
        if self._first is None:
            self._first = began
        return (began - self._first).total_seconds() / self._speed
