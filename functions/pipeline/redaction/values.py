"""Where the value of a field ends in a text, in JSON at any depth of escaping and in Python's dictionaries."""

from __future__ import annotations

import re
from typing import NamedTuple

from functions.pipeline.redaction.escapes import backslashes_before
from functions.pipeline.redaction.literals import Reading

_BARE = re.compile(r"[^\s,}\])\"'\\({\[]*")  # a number, true, null, or what stands before the bracket of Decimal('1')
_OPENING = re.compile(r"(\\*)([\"'{\[(])")
_MARKS = re.compile(r"[\"'{}()\[\]]")
_QUOTES = re.compile(r"[\"']")


PLAIN = Reading()


class Value(NamedTuple):
    """Where a value ends, what it holds, and how often that is escaped."""

    end: int
    content: str
    levels: int


def find_value(text: str, start: int, quote: str, lowest: int, reading: Reading = PLAIN) -> Value:
    """Find the value that begins at `start`. One that is cut off goes on to the end of what encloses it.

    Args:
        text: the record.
        start: where the value begins.
        quote: the field's name stands in such quotes.
        lowest: the level below which a double quote ends what encloses the field.
        reading: how backslashes are read there.
    """
    bare = _end_of(_BARE, text, start)
    opening = _OPENING.match(text, bare)
    if opening and opening[2] not in "\"'" and not opening[1]:
        end = _nested_end(text, bare, quote, lowest, reading)
        return Value(end, text[start:end], lowest)
    if opening and _begins_string(opening, lowest, reading):
        inner, end = _string_end(text, opening, lowest, reading)
        if bare > start:  # such as b'…'
            return Value(end, text[start:end], lowest)
        return Value(end, text[opening.end() : inner], reading.level(len(opening[1])) + 1)
    return Value(bare, text[start:bare], lowest)


def _end_of(form: re.Pattern[str], text: str, start: int) -> int:
    found = form.match(text, start)
    return found.end() if found else start


def _begins_string(opening: re.Match[str], lowest: int, reading: Reading) -> bool:
    backslashes, quote = opening.groups()
    return reading.level(len(backslashes)) >= lowest if quote == '"' else quote == "'" and not backslashes


def _string_end(text: str, opening: re.Match[str], lowest: int, reading: Reading) -> tuple[int, int]:
    """Return where a string's content ends, and where its closing quote does."""
    depth, quote, start = reading.level(len(opening[1])), opening[2], opening.end()
    for found in _QUOTES.finditer(text, start):
        at = found.start()
        backslashes = backslashes_before(text, at, start)
        here, start = reading.level(backslashes), at + 1
        if found[0] == quote and (here <= depth if quote == '"' else not backslashes):
            inner = at - min(reading.backslashes(here), backslashes)
            return inner, inner if here < lowest else at + 1
        if found[0] == '"' and here < lowest:
            inner = at - min(reading.backslashes(here), backslashes)
            return inner, inner
    return len(text), len(text)


def _nested_end(text: str, start: int, quote: str, lowest: int, reading: Reading) -> int:
    """Return where an object, a list or a tuple ends that begins at `start`."""
    open_brackets, at = 0, start
    while found := _MARKS.search(text, at):
        mark = found[0]
        if mark not in "\"'":
            open_brackets += 1 if mark in "{[(" else -1
            at = found.end()
            if not open_brackets:
                return at
            continue
        backslashes = backslashes_before(text, found.start(), at)
        if mark == '"' and (here := reading.level(backslashes)) < lowest:
            return found.start() - min(reading.backslashes(here), backslashes)
        at = found.end()
        if mark == '"' or quote == "'":  # in JSON, an apostrophe is nothing
            opening = _OPENING.match(text, found.start() - backslashes)
            at = _string_end(text, opening, lowest, reading)[1] if opening else at
    return len(text)
