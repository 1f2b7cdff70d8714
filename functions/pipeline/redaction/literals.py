r"""JSON in a Python string literal: `{'body': '{"AGE": "a \\"b\\""}'}`, as `repr` writes it into tracebacks.

A literal in single quotes doubles each backslash and leaves double quotes as they are. So only half its backslashes
count: otherwise the `\\"` above, a quote within a JSON string, would read as a backslash and the end of the string.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from functions.pipeline.redaction.escapes import backslashes_before, is_json, level

_QUOTES = re.compile(r"""(?<!\\)(\\*+)(["'])""")
_DOUBLED = '\\\\"'  # without it, both ways of counting backslashes agree
_MOST_LITERALS = 8  # nested, and levels of JSON around them: real records have fewer
_MOST_BEFORE = 1 << 12  # backslashes counted before a name


class EscapeContext(NamedTuple):
    """How backslashes count at a place: within `literals` nested Python literals, in JSON strings of level `outer`."""

    outer: int = 0
    literals: int = 0

    def level(self, backslashes: int) -> int:
        """Return the level of a double quote; in doubt the deeper one, which hides more."""
        plain = level(backslashes)
        if not self.literals or plain < self.outer:
            return plain
        return max(plain, self.outer + level(backslashes >> self.outer + self.literals))

    def backslashes(self, level: int) -> int:
        """Return how many backslashes stand before a quote of a level."""
        inner = max(level - self.outer, 0) if self.literals else 0
        outside = (1 << level - inner) - 1
        return ((1 << inner) - 1 << self.outer + self.literals) + outside


class Literals:
    """Finds the Python string literals in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._any = _DOUBLED in text
        self._lowest = int(self._any and is_json(text))  # in JSON, a literal is within a string
        self._depths: dict[int, tuple[list[int], list[int]]] = {}

    def context(self, start: int, end: int) -> EscapeContext:
        """Return the escaping of a name's value: the name's double quotes are at `start` and just before `end`."""
        before = self._backslashes_before(end - 1)
        outer = level(before)
        if not self._any or not self._lowest <= outer <= _MOST_LITERALS:
            return EscapeContext(outer)
        doubled = min(before, self._backslashes_before(start)) >> outer
        own = (doubled & -doubled).bit_length() - 1  # odd for a quote that JSON alone escapes
        return EscapeContext(outer, min(max(self._depth(start, outer), own), _MOST_LITERALS))

    def _backslashes_before(self, at: int) -> int:
        return backslashes_before(self._text, at, max(at - _MOST_BEFORE, 0))

    def _depth(self, at: int, outer: int) -> int:
        """Return how deeply literals are nested at a place, within a JSON string of a level."""
        if outer not in self._depths:
            self._depths[outer] = _depths(self._text, outer)
        places, depths = self._depths[outer]
        number = bisect_left(places, at)
        return depths[number - 1] if number else 0


def _depths(text: str, outer: int) -> tuple[list[int], list[int]]:
    """Return the places where literals begin and end, and the nesting depth from each on."""
    places, depths, depth = [0], [0], 0
    for quote in _QUOTES.finditer(text):
        backslashes, now = len(quote[1]), depth
        if quote[2] == '"':
            now = 0 if level(backslashes) < outer else depth  # the JSON string ends there
        elif (own := level(backslashes >> outer)) < depth:
            now = own
        elif own == depth and _may_open(text, quote.start()):
            now = depth + 1
        if now != depth:
            depth = now
            places.append(quote.start())
            depths.append(depth)
    return places, depths


def _may_open(text: str, at: int) -> bool:
    r"""Return whether a literal may begin here: not at an apostrophe (`it's`), but in `b'…'` and `\n'…'`."""
    before = text[max(at - 3, 0) : at]
    return not before[-1:].isalnum() or bool(re.search(r"(?:^|\W)[bBuUrR]$|\\[nrt]$", before))
