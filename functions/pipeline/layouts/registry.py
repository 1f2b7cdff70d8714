"""The layouts that patterns describe: ours, beside this file, or the user's own."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.pipeline.layouts.patterns import Layout, Pattern, Times
from functions.pipeline.layouts.repeated import Repeated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.pipeline.records import Head
    from functions.pipeline.times import Clock

MANY = 500  # lines in a layout: reading them takes about as long as it takes to compile an expression for them


@cache
def layouts() -> tuple[Layout, ...]:
    """Return our own layouts, by file and in the order in which they stand there."""
    import tomllib

    files = sorted(Path(__file__).parent.glob("*.toml"))
    return tuple(layout(each) for file in files for each in tomllib.loads(file.read_text("utf-8"))["layout"])


def layout(written: dict[str, Any]) -> Layout:
    """Make a layout of a table in TOML."""
    plain = {name: value for name, value in written.items() if name != "sample"}
    return Layout(**plain, samples=tuple(written.get("sample", ())))


class Patterns:
    """Finds the layout of a line, among those that can begin like it. Nothing is read before the first line asks."""

    def __init__(self, own: Iterable[Layout] = ()) -> None:
        """Take the user's own layouts; without them, ours are meant."""
        self._own = tuple(own)
        self._candidates: dict[tuple[int, int | None], _Candidates] = {}
        self._counts: dict[tuple[Pattern, int, int | None], int] = {}
        self._expressions: dict[tuple[Pattern, int], Repeated] = {}
        self._repeated: Repeated | None = None

    @property
    def repeated(self) -> str | None:
        """The name of the layout that `again` reads; None as long as there is none."""
        return self._repeated.name if self._repeated else None

    def again(self, line: bytes, clock: Clock) -> Head | None:
        """Read the head of a line in a layout that many had before; None where `head` has to find the layout."""
        return self._repeated.head(line, clock) if self._repeated else None

    def head(self, line: bytes, clock: Clock) -> Head | None:
        """Read the head of a line; None when no layout matches."""
        times = Times(line)
        first, follows = line[0], times.followed_by()
        for each in self._beginning(first, follows).possible(line, times):
            head = each.head(line, times, clock)
            if head:
                if each.repeats:
                    self._count(each, first, follows)
                return head
        return None

    def _count(self, pattern: Pattern, first: int, follows: int | None) -> None:
        """Count a line in a layout, by what it is known by; if there are many, make what reads further ones."""
        known_by = pattern, first, follows
        count = self._counts[known_by] = self._counts.get(known_by, 0) + 1
        if count == MANY:
            alike = {by[2] for by in self._counts if by[:2] == known_by[:2]}
            earlier = [
                each
                for each in self._all[: self._all.index(pattern)]
                if first in each.starts and any(map(each.may_follow, alike))
            ]
            self._expressions[pattern, first] = Repeated(pattern, first, alike, earlier)
        self._repeated = self._expressions.get((pattern, first), self._repeated)

    def _beginning(self, first: int, follows: int | None) -> _Candidates:
        """Return the patterns that a line may match by its first byte, and by what follows its time."""
        candidates = self._candidates.get((first, follows))
        if candidates is None:
            found = [each for each in self._all if first in each.starts and each.may_follow(follows)]
            candidates = self._candidates[first, follows] = _Candidates(found)
        return candidates

    @cached_property
    def _all(self) -> list[Pattern]:
        """The user's own as they stand there; of ours, those that demand more first."""
        return list(map(Pattern, self._own)) or sorted(map(Pattern, layouts()), key=lambda each: -each.specific)


class _Candidates:
    """Patterns in order, and the outlines of all, which tell at once which is the first that a line may match."""

    def __init__(self, patterns: list[Pattern]) -> None:
        self._patterns = patterns
        self._at_start = _outlines(patterns, opens_with_time=False)
        self._behind_time = _outlines(patterns, opens_with_time=True)

    def possible(self, line: bytes, times: Times) -> list[Pattern]:
        """Return the patterns from the first one on that may match."""
        first = min(_first(self._at_start, line, 0), _first(self._behind_time, line, times.first))
        return self._patterns[first:]


def _outlines(patterns: list[Pattern], *, opens_with_time: bool) -> re.Pattern[bytes]:
    """Make one expression of the outlines of several patterns; its last group is named after the place of the first."""
    outlines = (
        f"(?:{each.outline})(?P<_{place}>)"
        for place, each in enumerate(patterns)
        if each.opens_with_time == opens_with_time
    )
    return re.compile("|".join(outlines).encode() or _NEVER)


def _first(outlines: re.Pattern[bytes], line: bytes, at: int) -> int:
    found = outlines.match(line, at) if at >= 0 else None
    return int(found.lastgroup[1:]) if found and found.lastgroup else _NO_PLACE


_NEVER = b"(?!)"
_NO_PLACE = 1 << 30
