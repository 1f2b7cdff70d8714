"""Durations as programs write them, in milliseconds."""

from __future__ import annotations

from functions.pipeline.expressions import compiled

UNITS = {"ms": 1.0, "s": 1e3, "us": 1e-3, "\u00b5s": 1e-3, "\u03bcs": 1e-3, "ns": 1e-6}
"""The units of numbers that are written without one, in milliseconds each."""

_UNITS = {  # as they are written
    **UNITS,
    **dict.fromkeys(("msec", "msecs", "millis", "millisecond", "milliseconds"), UNITS["ms"]),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), UNITS["s"]),
    **dict.fromkeys(("usec", "usecs", "microsecond", "microseconds"), UNITS["us"]),
    **dict.fromkeys(("nsec", "nsecs", "nanosecond", "nanoseconds"), UNITS["ns"]),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 6e4),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3.6e6),
}
_NUMBER = r"\d{1,15}(?:[.,]\d{1,20})?(?:[eE][+-]?\d{1,2})?"
_PART = rf"({_NUMBER}) ?([a-z\u00b5\u03bc]{{1,12}})? ?"
_CLOCK = r"(?:(\d{1,6}):)?([0-5]?\d):([0-5]?\d(?:[.,]\d{1,20})?)"
_LONGEST = 64  # characters


def milliseconds(text: str, unit: str = "ms") -> float | None:
    """Read how long something took, in milliseconds.

    Args:
        text: a number with a unit or none, with a decimal point or comma (`15.98ms`, `0.016 s`, `45,3 ms`, `1.5e-3s`,
            `12`); several, as Go writes them (`1m2.5s`); or hours, minutes and seconds (`00:01:02.5`, `01:02.5`).
        unit: that of a number without one.

    Returns: None where the text is no duration, or one below zero.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if clock := compiled(_CLOCK).fullmatch(text):
        hours, minutes, seconds = clock.groups()
        return round((int(hours or 0) * 60 + int(minutes)) * 6e4 + _number(seconds) * 1e3, 6)
    return _sum(text, unit)


def _sum(text: str, unit: str) -> float | None:
    """Add up numbers with units; only one that is alone may have none."""
    total, at = 0.0, 0
    while at < len(text):
        part = compiled(_PART).match(text, at)
        factor = _UNITS.get(part[2] or (unit if part.end() - at == len(text) else "")) if part else None
        if part is None or factor is None:
            return None
        total, at = total + _number(part[1]) * factor, part.end()
    return round(total, 9) if text else None


def _number(written: str) -> float:
    return float(written.replace(",", "."))
