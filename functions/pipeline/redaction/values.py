"""Finds where a field's value ends, in JSON at any depth of escaping and in the repr of Python dictionaries."""

from __future__ import annotations

import re
from typing import NamedTuple

from functions.pipeline.redaction.escapes import backslashes_before
from functions.pipeline.redaction.literals import EscapeContext

_BARE = re.compile(r"[^\s,}\])\"'\\({\[]*")  # a number, true, null, or what stands before the bracket of Decimal('1')
_OPENING = re.compile(r"(\\*)([\"'{\[(])")
_DELIMITERS = re.compile(r"[\"'{}()\[\]]")
_QUOTES = re.compile(r"[\"']")


PLAIN = EscapeContext()


class Value(NamedTuple):
    """Where a value ends, its content, and how many times that is escaped."""

    end: int
    content: str
    levels: int


def find_value(text: str, start: int, quote: str, lowest: int, context: EscapeContext = PLAIN) -> Value:
    """Find the value that begins at `start`. A truncated one extends to the end of what encloses it.

    Args:
        text: the record.
        start: where the value begins.
        quote: the kind of quotes around the field's name.
        lowest: the level below which a double quote ends what encloses the field.
        context: how backslashes count there.
    """
    bare = _end_of(_BARE, text, start)
    opening = _OPENING.match(text, bare)
    if opening and opening[2] not in "\"'" and not opening[1]:
        end = _nested_end(text, bare, quote, lowest, context)
        return Value(end, text[start:end], lowest)
    if opening and _begins_string(opening, lowest, context):
        inner, end = _string_end(text, opening, lowest, context)
        if bare > start:  # such as b'…'
            return Value(end, text[start:end], lowest)
        return Value(end, text[opening.end() : inner], context.level(len(opening[1])) + 1)
    return Value(bare, text[start:bare], lowest)


def _end_of(form: re.Pattern[str], text: str, start: int) -> int:
    found = form.match(text, start)
    return found.end() if found else start


def _begins_string(opening: re.Match[str], lowest: int, context: EscapeContext) -> bool:
    backslashes, quote = opening.groups()
    return context.level(len(backslashes)) >= lowest if quote == '"' else quote == "'" and not backslashes


def _string_end(text: str, opening: re.Match[str], lowest: int, context: EscapeContext) -> tuple[int, int]:
    """Return where a string's content ends, and where its closing quote ends."""
    depth, quote, start = context.level(len(opening[1])), opening[2], opening.end()
    for found in _QUOTES.finditer(text, start):
        at = found.start()
        backslashes = backslashes_before(text, at, start)
        here, start = context.level(backslashes), at + 1
        if found[0] == quote and (here <= depth if quote == '"' else not backslashes):
            inner = at - min(context.backslashes(here), backslashes)
            return inner, inner if here < lowest else at + 1
        if found[0] == '"' and here < lowest:
            inner = at - min(context.backslashes(here), backslashes)
            return inner, inner
    return len(text), len(text)


def _nested_end(text: str, start: int, quote: str, lowest: int, context: EscapeContext) -> int:
    """Return the end of the object, list or tuple that begins at `start`."""
    open_brackets, at = 0, start
    while found := _DELIMITERS.search(text, at):
        delimiter = found[0]
        if delimiter not in "\"'":
            open_brackets += 1 if delimiter in "{[(" else -1
            at = found.end()
            if not open_brackets:
                return at
            continue
        backslashes = backslashes_before(text, found.start(), at)
        if delimiter == '"' and (here := context.level(backslashes)) < lowest:
            return found.start() - min(context.backslashes(here), backslashes)
        at = found.end()
        if delimiter == '"' or quote == "'":  # an apostrophe has no meaning in JSON
            opening = _OPENING.match(text, found.start() - backslashes)
            at = _string_end(text, opening, lowest, context)[1] if opening else at
    return len(text)
