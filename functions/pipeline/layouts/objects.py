"""JSON objects with `timestamp`, `level`, `message`, `logger` and `data`, as the Space sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.instants import counted_instant, parsed_instant
from functions.pipeline.layouts.heads import level_and_logger
from functions.pipeline.values import word

if TYPE_CHECKING:
    from datetime import tzinfo


def read_object(sent: dict[str, Any], timezone: tzinfo) -> tuple[str | None, bytes, str | None]:
    """Take an object's time, level, logger and message out of it; those of `data` then count like its own members.

    Returns:
        Its time, as documents have it; its level and logger as members of a JSON object, each with a comma after it;
        and its message. What is not there, or is not of that kind, is None.
    """
    time = _pop_time(sent, timezone)
    members = level_and_logger(_pop_word(sent, "level"), _pop_word(sent, "logger"))
    message = _pop_word(sent, "message")
    for inner in ("message", "data"):
        if type(sent.get(inner)) is dict:
            sent |= sent.pop(inner)
    return time, members, message


def _pop_time(sent: dict[str, Any], timezone: tzinfo) -> str | None:
    name = "timestamp" if "timestamp" in sent else "@timestamp"
    value, time = sent.get(name), None
    if isinstance(value, str):
        time = parsed_instant(value, timezone)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        time = counted_instant(value)
    if time:
        del sent[name]
    return time


def _pop_word(sent: dict[str, Any], name: str) -> str | None:
    value = word(sent.get(name))
    if value:
        del sent[name]
    return value
