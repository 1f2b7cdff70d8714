"""Cutting text into the readings of a source: lines, as many as may be at once, and whole records where that can be."""

from __future__ import annotations

import sys
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_T = TypeVar("_T")

LONGEST_LINE = 10 << 20  # bytes; a longer line is cut into lines of this length, so that memory stays bounded
LARGEST_READING = 8 << 20  # bytes, line ends included
_LONGEST_CUT_BACK = 1000  # lines that a reading may be shorter by, so that it ends where a record ends


class Unfinished(Exception):  # noqa: N818 (no fault: the rest comes with the next read)
    """Text stops here for now: its last line is still being written."""


class _Lines(NamedTuple):
    """Lines that follow each other in a file."""

    lines: list[bytes]
    ended: bool  # with a line end each; else it is one line, or a piece of one
    last: bool  # nothing comes after them


class Cutter:
    """Cuts text into readings, up to the limit of one read, which all the text cut by it shares.

    Args:
        size: lines that a reading may have.
        limit: lines that all readings together may have; None: any number.
        begins_record: says whether a line begins a record; a reading ends before such a line where one is near enough.

    Attributes:
        left: lines that may still be taken.
    """

    def __init__(self, size: int, limit: int | None, begins_record: Callable[[bytes], object] | None) -> None:
        self._size, self._begins_record = size, begins_record
        self._pending: list[bytes] = []
        self._volume = 0  # bytes of the pending lines
        self.left = sys.maxsize if limit is None else limit

    def readings(self, text: Iterable[bytes]) -> Iterator[tuple[list[bytes], bytes, bool]]:
        """Yield for each reading its lines, how the last of them ended, and whether nothing comes after it.

        When the text, which comes in blocks, fails, the lines before that are yielded first.
        """
        failures: list[Exception] = []
        self._pending, self._volume = [], 0
        for each in caught(_lines(text), failures):
            self._pending += each.lines
            self._volume += sum(map(len, each.lines))
            yield from self._full() if each.ended else self._all(b"", last=each.last)
            if not self.left:
                return
        yield from self._all(b"\n", last=not failures)
        if failures:
            raise failures[0]

    def _full(self) -> Iterator[tuple[list[bytes], bytes, bool]]:
        """Take readings as long as a line remains, to see whether it begins a record."""
        while self.left and self._overflows():
            yield self._take(), b"\n", False

    def _all(self, end: bytes, *, last: bool) -> Iterator[tuple[list[bytes], bytes, bool]]:
        """Take all the lines, the last of which ends with `end`."""
        while self.left and self._pending:
            lines = self._take()
            yield lines, b"\n" if self._pending else end, last and not self._pending

    def _overflows(self) -> bool:
        waiting = len(self._pending)
        return waiting > min(self._size, self.left) or (waiting > 1 and self._volume > LARGEST_READING)

    def _take(self) -> list[bytes]:
        count = self._count()
        lines = self._pending[:count]
        del self._pending[:count]
        self._volume -= sum(map(len, lines))
        self.left -= count
        return lines

    def _count(self) -> int:
        """Return how many lines the next reading has: as many as may be, less those that begin a record cut short."""
        most = min(self._size, self.left, len(self._pending))
        if self._volume > LARGEST_READING:
            volumes = list(accumulate(map(len, self._pending[:most])))
            most = max(1, bisect_right(volumes, LARGEST_READING))
        if most == len(self._pending) or not self._begins_record:
            return most
        fewest = max(1, most - min(self._size, _LONGEST_CUT_BACK))
        near = range(most, fewest - 1, -1)
        count = next((n for n in near if self._begins_record(self._pending[n])), None) or self._outermost(near) or most
        if most == self.left:
            self.left = count  # the record that follows is larger than what the limit leaves
        return count

    def _outermost(self, places: Iterable[int]) -> int | None:
        """Return the first place with an opening brace that is indented the least, as deep elements of an array are."""
        braces = [(self._pending[n].find(b"{"), n) for n in places if self._pending[n].strip() == b"{"]
        return min(braces, key=lambda brace: brace[0])[1] if braces else None


def _lines(text: Iterable[bytes]) -> Iterator[_Lines]:
    """Split text, which comes in blocks, into lines; without copying more than the last one of each block."""
    rest = b""
    for block in text:
        rest += block
        while len(rest) > LONGEST_LINE and rest.find(b"\n", 0, LONGEST_LINE + 1) < 0:
            yield _Lines([rest[:LONGEST_LINE]], ended=False, last=False)
            rest = rest[LONGEST_LINE:]
        lines = rest.split(b"\n")
        rest = lines.pop()
        yield _Lines(lines, ended=True, last=False)
    if rest:
        yield _Lines([rest], ended=False, last=True)


def caught(values: Iterator[_T], failures: list[Exception]) -> Iterator[_T]:
    """Yield the values up to the first PermanentError or Unfinished, and put that into `failures`, for later."""
    try:
        yield from values
    except (PermanentError, Unfinished) as failure:
        failures.append(failure)
