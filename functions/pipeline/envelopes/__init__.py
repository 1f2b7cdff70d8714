"""Envelopes: what carries the lines of programs, and how they are taken out. One file each, found here.

A file has an ENVELOPE; nothing else lists it. Nothing is imported before a line may be in an envelope.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.remembered import Remembered
from functions.pipeline.times import ungrouped

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from functions.pipeline.times import Clock


class Carried(NamedTuple):
    """A line, or a whole record, that stood in an envelope.

    Attributes:
        text: the line in UTF-8, without its end; of a record that is no text, its JSON.
        time: the envelope's own time, as documents have it; None when it tells none.
        labels: what the envelope says of the line's origin, for the document's `labels`: names of the container, the
            pod, the host, … Values are text, numbers, or objects of these.
        stream: lines of the same stream follow each other (a container's standard error, say): a traceback's lines
            are joined within a stream.
        partial: the line goes on in the next one of its stream.
        level: the envelope's word for how severe it is (INFO, …); it counts when the line has none.
        logger: the program or logger that the envelope names; likewise.
        record: it is a record by itself; of the next ones in the stream, only the lines of a traceback belong to it.
        fields: what the envelope says of the event itself (trace ids, attributes, …), by the names that JSON logs use.
        sent: the record as it was sent, in UTF-8, where that is more than `text`; it is kept as raw text.
    """

    text: bytes
    time: str | None = None
    labels: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    stream: str = ""
    partial: bool = False
    level: str | None = None
    logger: str | None = None
    record: bool = False
    fields: dict[str, Any] = {}  # noqa: RUF012 (likewise)
    sent: bytes | None = None


FromObject = Callable[[dict[str, Any], "Clock"], list[Carried] | None]
"""Takes the lines out of an object; see `Envelope`."""


class Envelope(NamedTuple):
    """A carrier of lines. One that is a JSON object has `members` and `from_object`, one that is text `from_text`.

    Attributes:
        name: what it is called in counts.
        description: what it is, in a few words.
        source: where its format is described.
        members: a JSON object with all of these may be such an envelope.
        from_object: takes the lines out of such an object; None for what is no such envelope, and in case of doubt: an
            object that stays as it is loses nothing. An empty list is an envelope without lines (a control message).
        starts: the bytes that a line of text may begin with for `from_text` to be asked; empty: any.
        expressions: regular expressions, one of which matches each line that `from_text` takes a line out of.
        from_text: takes the line out of a line of text; None for what is no such envelope.
        samples: envelopes, each with the lines that it carries, for tests and documentation.
    """

    name: str
    description: str
    source: str
    members: tuple[str, ...] = ()
    from_object: FromObject | None = None
    starts: bytes = b""
    expressions: tuple[re.Pattern[bytes], ...] = ()
    from_text: Callable[[bytes, Clock], list[Carried] | None] | None = None
    samples: tuple[tuple[bytes, tuple[bytes, ...]], ...] = ()


@cache
def envelopes() -> tuple[Envelope, ...]:
    """Return all envelopes; of those that an object may be, the ones with the most members come first."""
    modules = (import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__))
    return tuple(sorted((each.ENVELOPE for each in modules), key=lambda each: (-len(each.members), each.name)))


def _possible(names: tuple[str, ...]) -> tuple[tuple[str, FromObject], ...]:
    """Return the envelopes that an object with these members may be: their names, and what takes the lines out."""
    there = set(names)
    return tuple(
        (each.name, each.from_object) for each in envelopes() if each.from_object and there.issuperset(each.members)
    )


_shapes = Remembered(_possible)  # programs write objects of few shapes


@cache
def _texts() -> dict[int, list[Envelope]]:
    """Return the envelopes that a line of text may be, by the byte that it begins with."""
    texts = [each for each in envelopes() if each.from_text]
    return {first: [each for each in texts if not each.starts or first in each.starts] for first in range(256)}


def from_object(sent: dict[str, Any], clock: Clock) -> tuple[str, list[Carried]] | None:
    """Take the lines out of a JSON object that is an envelope; return its name too, or None for any other object.

    An object that is nested too deeply to be taken apart is no envelope.
    """
    for name, lines_of in _shapes[*sent,]:
        try:
            carried = lines_of(sent, clock)
        except RecursionError:
            return None
        if carried is not None:
            return name, carried
    return None


def from_text(line: bytes, clock: Clock) -> tuple[str, list[Carried]] | None:
    """Take the line out of a line of text that is an envelope; return its name too, or None for any other line."""
    for each in _texts()[line[0]] if may_carry(line) else ():
        carried = each.from_text(line, clock) if each.from_text else None
        if carried is not None:
            return each.name, carried
    return None


@cache
def _carriers() -> dict[int, re.Pattern[bytes]]:
    """Return an expression of all the envelopes that a line of text may be, by the byte that it begins with."""
    return {
        first: re.compile("|".join(_alternatives(texts)).encode() or b"(?!)", re.DOTALL)
        for first, texts in _texts().items()
    }


def _alternatives(texts: Iterable[Envelope]) -> list[str]:
    """Return the expressions of envelopes, without names of groups; one without expressions may be any line."""
    return [ungrouped(part.pattern.decode()) for each in texts for part in each.expressions or (re.compile(b""),)]


def may_carry(line: bytes) -> bool:
    """Say whether a line of text, which is not empty, may be an envelope: whether `from_text` has to be asked."""
    return _carriers()[line[0]].match(line) is not None


def line_of(value: object) -> bytes | None:
    """Return the line that a member holds, without its end; None where it holds no text."""
    return value.encode("utf-8", "replace").removesuffix(b"\n").removesuffix(b"\r") if isinstance(value, str) else None


def text_of(value: object) -> bytes:
    """Return the line that a member holds, or the JSON of what it holds instead."""
    line = line_of(value)
    return json_of(value) if line is None else line


def json_of(value: object) -> bytes:
    """Return the JSON of a record that is no text; raise RecursionError where it is nested too deeply."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def chosen(sent: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return those of an object's members that are named and hold something."""
    return {name: sent[name] for name in names if name in sent and sent[name] not in _NOTHING}


def without(sent: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """Return those of an object's members that are not named and hold something."""
    return {name: value for name, value in sent.items() if name not in names and value not in _NOTHING}


_NOTHING: tuple[object, ...] = (None, "", {})
