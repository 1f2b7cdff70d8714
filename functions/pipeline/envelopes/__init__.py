"""Envelopes: what carries the lines of programs, and how they are taken out. One file each, found here.

A file has an ENVELOPE; nothing else lists it. Nothing is imported before a line may be in an envelope.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.pipeline.times import Clock


class Carried(NamedTuple):
    """A line, or a whole record, that stood in an envelope.

    Attributes:
        text: the line in UTF-8, without its end.
        time: the envelope's own time, as documents have it; None when it tells none.
        labels: what the envelope says of the line's origin, for the document's `labels`: names of the container, the
            pod, the host, … Values are text, numbers, or objects of these.
        stream: lines of the same stream follow each other (a container's standard error, say): a traceback's lines
            are joined within a stream.
        partial: the line goes on in the next one of its stream.
    """

    text: bytes
    time: str | None = None
    labels: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    stream: str = ""
    partial: bool = False


class Envelope(NamedTuple):
    """A carrier of lines. One that is a JSON object has `members` and `from_object`, one that is text `from_text`.

    Attributes:
        name: what it is called in counts.
        members: a JSON object with all of these may be such an envelope.
        from_object: takes the lines out of such an object; None for what is no such envelope. An empty list is an
            envelope without lines (a control message): it is counted, and nothing else.
        starts: the bytes that a line of text may begin with for `from_text` to be asked; empty: any.
        from_text: takes the line out of a line of text; None for what is no such envelope.
        samples: envelopes, each with the lines that it carries, for tests and documentation.
    """

    name: str
    members: frozenset[str] = frozenset()
    from_object: Callable[[dict[str, Any], Clock], list[Carried] | None] | None = None
    starts: bytes = b""
    from_text: Callable[[bytes, Clock], list[Carried] | None] | None = None
    samples: tuple[tuple[bytes, tuple[bytes, ...]], ...] = ()


@cache
def envelopes() -> tuple[Envelope, ...]:
    """Return all envelopes; of those that an object may be, the ones with the most members come first."""
    modules = (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
    return tuple(sorted((each.ENVELOPE for each in modules), key=lambda each: (-len(each.members), each.name)))


def from_object(sent: dict[str, Any], clock: Clock) -> tuple[str, list[Carried]] | None:
    """Take the lines out of a JSON object that is an envelope; return its name too, or None for any other object."""
    for each in envelopes():
        if each.from_object and each.members <= sent.keys():
            carried = each.from_object(sent, clock)
            if carried is not None:
                return each.name, carried
    return None


def from_text(line: bytes, clock: Clock) -> tuple[str, list[Carried]] | None:
    """Take the line out of a line of text that is an envelope; return its name too, or None for any other line."""
    for each in envelopes():
        if each.from_text and (not each.starts or line[:1] in each.starts):
            carried = each.from_text(line, clock)
            if carried is not None:
                return each.name, carried
    return None
