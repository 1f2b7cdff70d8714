"""Lines in the same layout as those before them, read by one expression instead of one for each step.

A log has lines of few layouts. Once a layout has been found often, one expression says that a line begins like the
others, that none of the layouts that come before this one can match it, and that this one does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.times import TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.pipeline.layouts.patterns import Pattern
    from functions.pipeline.records import Head
    from functions.pipeline.times import Clock

_END = -1  # of a line, as what follows its time


class Repeated:
    """Finds the heads of lines in one layout, which begins with a time; see `Pattern.repeats`.

    Attributes:
        name: the layout's name.
    """

    def __init__(self, pattern: Pattern, first: int, follows: Iterable[int | None], earlier: Iterable[Pattern]) -> None:
        """Take a layout, and what it has been found by.

        Args:
            pattern: the layout.
            first: the byte that the lines begin with.
            follows: the bytes of which one follows their time and the blanks behind it; see `Times.followed_by`.
            earlier: the layouts that would be right for such a line if they matched.
        """
        self._pattern, self.name = pattern, pattern.name
        outlines: dict[bool, list[str]] = {True: [], False: []}
        for each in earlier:
            outlines[each.opens_with_time].append(each.outline)
        begins = f"(?={_one_of((first,))}){_none_of(outlines[False])}{pattern.opening}"
        goes_on = rf"(?= *+{_one_of(follows)}){_none_of(outlines[True])}"
        self._head = re.compile(f"{begins}(?P<_time>(?>{TIME})){goes_on}".encode() + pattern.behind_time)

    def head(self, line: bytes, clock: Clock) -> Head | None:
        """Read the head of a line; None where all the layouts have to be tried, one after the other."""
        found = self._head.match(line)
        if found is None:
            return None
        start, end = found.span("_time")
        return self._pattern.repeated(line, start, end, found.end(), clock)


def _one_of(values: Iterable[int | None]) -> str:
    return f"(?:{'|'.join(_byte(each) for each in values if each is not None)})"


def _byte(value: int) -> str:
    return r"\Z" if value == _END else rf"\x{value:02x}"


def _none_of(outlines: list[str]) -> str:
    return f"(?!{'|'.join(f'(?:{each})' for each in outlines)})" if outlines else ""
