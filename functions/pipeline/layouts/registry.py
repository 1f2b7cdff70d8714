"""All layouts that patterns describe: ours beside this file, and the user's own, which come first."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.pipeline.layouts.patterns import Layout, Pattern, Times

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.pipeline.records import Head
    from functions.pipeline.times import Clock


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
        self._own = tuple(own)
        self._candidates: dict[tuple[int, int | None], list[Pattern]] = {}
        self._last: Pattern | None = None

    def head(self, line: bytes, clock: Clock) -> Head | None:
        """Read the head of a line; None when no layout matches, or it is the second line of the last record's head."""
        last, self._last = self._last, None
        if last and last.awaits(line):
            return None
        times = Times(line)
        for each in self._beginning(line, times):
            head = each.head(line, times, clock)
            if head:
                self._last = each if each.layout.rest else None
                return head
        return None

    def _beginning(self, line: bytes, times: Times) -> list[Pattern]:
        """Return the patterns that a line may match by its first byte, and by what follows its time."""
        first, follows = line[0], times.followed_by()
        candidates = self._candidates.get((first, follows))
        if candidates is None:
            candidates = [each for each in self._all if first in each.starts and each.may_follow(follows)]
            self._candidates[first, follows] = candidates
        return candidates

    @cached_property
    def _all(self) -> list[Pattern]:
        """All layouts: the user's own as they stand there, then ours, those that demand more first."""
        ours = sorted(map(Pattern, layouts()), key=lambda each: -each.specific)
        return [*map(Pattern, self._own), *ours]
