r"""JSON in a literal of Python: `{'body': '{"AGE": "a \\"b\\""}'}`, as `repr` writes it into tracebacks.

A literal in single quotes doubles each backslash in it and leaves double quotes as they are. So its backslashes are
read half: else the `\\"` above, a quote within a string, looks like a backslash and the string's end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from functions.pipeline.redaction.escapes import is_json, level

_MARKS = re.compile(r"""(?<!\\)(\\*+)(["'])""")
_DOUBLED = '\\\\"'  # without that, both readings are the same
_MOST_LITERALS = 8  # in each other, and levels of JSON around them: nobody writes more
_MOST_BEFORE = 1 << 12  # backslashes looked at before a name


class Reading(NamedTuple):
    """How backslashes are read at a place: in so many literals, which are in JSON's strings of so many levels."""

    outer: int = 0
    literals: int = 0

    def level(self, backslashes: int) -> int:
        """Return the level of a double quote; in doubt the deeper one, for then more is hidden."""
        plain = level(backslashes)
        if not self.literals or plain < self.outer:
            return plain
        return max(plain, self.outer + level(backslashes >> self.outer + self.literals))

    def backslashes(self, level: int) -> int:
        """Return how many backslashes a quote of a level has."""
        inner = max(level - self.outer, 0) if self.literals else 0
        outside = (1 << level - inner) - 1
        return ((1 << inner) - 1 << self.outer + self.literals) + outside


class Literals:
    """Knows which places of a text are in literals of Python."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._any = _DOUBLED in text
        self._lowest = int(self._any and is_json(text))  # in JSON, a literal is in a string
        self._depths: dict[int, tuple[list[int], list[int]]] = {}

    def reading(self, start: int, end: int) -> Reading:
        """Return how to read the value of a name in double quotes: one at `start`, the other just before `end`."""
        before = _backslashes_before(self._text, end - 1)
        outer = level(before)
        if not self._any or not self._lowest <= outer <= _MOST_LITERALS:
            return Reading(outer)
        doubled = min(before, _backslashes_before(self._text, start)) >> outer
        own = (doubled & -doubled).bit_length() - 1  # a quote that JSON escapes has an odd number, but for literals
        return Reading(outer, min(max(self._depth(start, outer), own), _MOST_LITERALS))

    def _depth(self, at: int, outer: int) -> int:
        """Return in how many literals a place is, within a string of JSON of a level."""
        if outer not in self._depths:
            self._depths[outer] = _depths(self._text, outer)
        places, depths = self._depths[outer]
        number = bisect_left(places, at)
        return depths[number - 1] if number else 0


def _backslashes_before(text: str, at: int) -> int:
    before = text[max(at - _MOST_BEFORE, 0) : at]
    return len(before) - len(before.rstrip("\\"))


def _depths(text: str, outer: int) -> tuple[list[int], list[int]]:
    """Return the places where literals begin and end, and in how many one is from there on."""
    places, depths, depth = [0], [0], 0
    for mark in _MARKS.finditer(text):
        backslashes, now = len(mark[1]), depth
        if mark[2] == '"':
            now = 0 if level(backslashes) < outer else depth  # there, the string of JSON ends
        elif (own := level(backslashes >> outer)) < depth:
            now = own
        elif own == depth and _may_open(text, mark.start()):
            now = depth + 1
        if now != depth:
            depth = now
            places.append(mark.start())
            depths.append(depth)
    return places, depths


def _may_open(text: str, at: int) -> bool:
    r"""Say whether a literal may begin here: an apostrophe within a word (`it's`) is none, `b'…'` and `\n'…'` are."""
    before = text[max(at - 3, 0) : at]
    return not before[-1:].isalnum() or bool(re.search(r"(?:^|\W)[bBuUrR]$|\\[nrt]$", before))
