"""Groups of documents as tables for people, with bars."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING, NamedTuple

from functions.cli.numbers import local
from functions.cli.tables import open_console, readable

if TYPE_CHECKING:
    from functions.pipeline.groups import Group

_BAR = 20  # characters of the longest one
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHORTEST = 5  # characters of the longest one, below which there is none
_WIDEST, _LEAST = 40, 16  # characters of a group's name: the most, and those that are kept for it
_BETWEEN, _MARGINS = 3, 2  # blanks between two columns, and around the table
_PERIODS = {"hour": 13, "day": 10}  # characters of a time that tell it
_SECOND, _MINUTE = 1000, 60_000


class _Column(NamedTuple):
    title: str
    cells: list[str]

    @property
    def width(self) -> int:
        return max(map(len, (self.title, *self.cells)))


def print_groups(by: str, groups: list[Group]) -> None:
    """Print groups as a table; the longest bar is that of the largest. What has no room is left out, never cut."""
    from rich.box import SIMPLE
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    room = console.width - _MARGINS
    name = _Column(by, [_name(by, each.key) for each in groups])
    kept = min(name.width, _LEAST)
    numbers, left = _fitting(_numbers(groups), room - kept)
    widest = min(name.width, _WIDEST, kept + left)
    table = Table(box=SIMPLE, padding=(0, 1), pad_edge=False)
    table.add_column(by, width=widest, no_wrap=True)
    for each in numbers:
        table.add_column(each.title, justify="right", no_wrap=True)
    last = _last(by, groups, kept + left - widest - _BETWEEN)
    for each in last:
        table.add_column(each.title, no_wrap=True)
    for row in zip(*(each.cells for each in (name, *numbers, *last)), strict=True):
        table.add_row(*map(escape, row))
    console.print(table)


def _numbers(groups: list[Group]) -> list[_Column]:
    """Return the columns of numbers, the most important first."""
    columns = [_Column(_("documents"), [local(f"{each.documents:,}") for each in groups])]
    if any(each.failed for each in groups):
        columns.append(_Column(_("failed"), [_percent(each) for each in groups]))
    if any(each.timed for each in groups):
        shares = zip(("p50", "p95", "p99"), zip(*(each[-3:] for each in groups), strict=True), strict=True)
        columns += [_Column(title, [*map(duration, took)]) for title, took in shares]
    return columns


def _fitting(columns: list[_Column], room: int) -> tuple[list[_Column], int]:
    """Return the columns that have room, in their order, and what room is left; p50 is the first to go, then p99."""
    for without in ((), ("p50",), ("p50", "p99"), ("p50", "p99", "p95")):
        fitting = [each for each in columns if each.title not in without]
        left = room - sum(each.width + _BETWEEN for each in fitting)
        if left >= 0:
            break
    return fitting, max(left, 0)


def _last(by: str, groups: list[Group], room: int) -> list[_Column]:
    """Return a bar for each group; of indexes, their times, or only their days. Without room, nothing."""
    if by == "index":
        spans = (_Column(_("from, to"), [_times(each, digits) for each in groups]) for digits in (19, 10))
        return [each for each in spans if each.width <= room][:1]
    largest = max(each.documents for each in groups)
    longest = min(_BAR, room)
    return [_Column("", [bar(each, largest, longest) for each in groups])] if longest >= _SHORTEST else []


def _name(by: str, key: str) -> str:
    text = readable(key).replace("\n", " ")
    return text[: _PERIODS[by]].replace("T", " ") + (":00" if by == "hour" else "") if by in _PERIODS else text


def bar(group: Group, largest: int, longest: int = _BAR) -> str:
    """Draw a group's size as a bar, in eighths of a character; the largest one's has so many characters."""
    eighths = max(round(longest * 8 * group.documents / largest), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def duration(milliseconds: float | None) -> str:
    """Write a time for people, with three digits or so: 0.27 ms, 15.9 ms, 2.5 s, 3.1 min."""
    if milliseconds is None:
        return ""
    if milliseconds < _SECOND:
        return local(f"{milliseconds:.3g} ms" if milliseconds < _SECOND - 1 else f"{milliseconds:.0f} ms")
    return local(f"{milliseconds / 1000:.3g} s" if milliseconds < _MINUTE else f"{milliseconds / _MINUTE:.3g} min")


def _percent(group: Group) -> str:
    share = 100 * group.failed / group.documents
    return local(f"{share:.1f} %" if share >= 0.1 or not group.failed else "<0.1 %")  # noqa: PLR2004 (a digit)


def _times(group: Group, digits: int) -> str:
    return ", ".join((time or "")[:digits].replace("T", " ") for time in (group.first, group.last))
