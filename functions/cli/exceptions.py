"""What a record tells of an exception: the lines of its message below the first, and the stack in its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.cli.tables import readable
from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The members of Python's logging, structlog, ECS, logback, pino and Sentry that hold one.
_NAMES = r"(?i)exc_info|exc_text|exception|stack(_?(info|trace))?|trace_?back|backtrace"
_MOST, _FIRST = 12, 4  # lines that a table shows, and how many of them are the first ones
_INDENT = "  "


def with_exception(document: Mapping[str, Any], most: int | None = None) -> str:
    """Return a record's message with the lines of its exception below, indented; the middle ones left out."""
    first, *below = readable(document.get("message") or "").split("\n")
    for text in _stacks(document.get("data")):
        if text not in str(document.get("message")):
            below += readable(text).splitlines()
    if most and len(below) > most:
        below = [*below[:_FIRST], "…", *below[_FIRST - most :]]
    return "\n".join([first, *(f"{_INDENT}{line}".rstrip() for line in below)])


def in_table(document: dict[str, Any]) -> dict[str, Any]:
    """Return a record with what a table shows of its message as `told`."""
    return {**document, "told": with_exception(document, _MOST)}


def _stacks(data: object) -> Iterator[str]:
    """Yield the texts under the names of stacks, in objects inside one another as well: `err.stack`."""
    for name, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, dict):
            yield from _stacks(value)
        elif isinstance(value, str) and value and compiled(_NAMES).fullmatch(name.rpartition(".")[2]):
            yield value
