"""Groups of documents as tables for people, with bars."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.tables import open_console, readable

if TYPE_CHECKING:
    from functions.pipeline.groups import Group

_BAR = 20  # characters of the longest one
_EIGHTHS = " ▏▎▍▌▋▊▉"
_WIDEST = 40  # characters of a group's name
_PERIODS = {"hour": 13, "day": 10}  # characters of a time that tell it
_SECOND, _MINUTE = 1000, 60_000


def print_groups(by: str, groups: list[Group]) -> None:
    """Print groups as a table; the longest bar is that of the largest."""
    from rich.box import SIMPLE
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE, padding=(0, 1), pad_edge=False)
    table.add_column(by, max_width=_WIDEST, no_wrap=True)
    timed, largest = any(each.timed for each in groups), max(each.documents for each in groups)
    numbers = [_("documents"), *([_("failed")] if any(each.failed for each in groups) else [])]
    numbers += ["p50", "p95", "p99"] if timed else []
    for title in numbers:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("" if by != "index" else _("from, to"), no_wrap=True)
    for each in groups:
        cells = [f"{each.documents:,}", *([_percent(each)] if _("failed") in numbers else [])]
        cells += [duration(share) for share in each[-3:]] if timed else []
        table.add_row(escape(_name(by, each.key)), *cells, _times(each) if by == "index" else bar(each, largest))
    open_console().print(table)


def _name(by: str, key: str) -> str:
    text = readable(key).replace("\n", " ")
    return text[: _PERIODS[by]].replace("T", " ") + (":00" if by == "hour" else "") if by in _PERIODS else text


def bar(group: Group, largest: int) -> str:
    """Draw a group's size as a bar, in eighths of a character."""
    eighths = max(round(_BAR * 8 * group.documents / largest), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def duration(milliseconds: float | None) -> str:
    """Write a time for people, with three digits or so: 0.27 ms, 15.9 ms, 2.5 s, 3.1 min."""
    if milliseconds is None:
        return ""
    if milliseconds < _SECOND:
        return f"{milliseconds:.3g} ms" if milliseconds < _SECOND - 1 else f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.3g} s" if milliseconds < _MINUTE else f"{milliseconds / _MINUTE:.3g} min"


def _percent(group: Group) -> str:
    share = 100 * group.failed / group.documents
    return f"{share:.1f} %" if share >= 0.1 or not group.failed else "<0.1 %"  # noqa: PLR2004 (a digit)


def _times(group: Group) -> str:
    return ", ".join((time or "")[:19].replace("T", " ") for time in (group.first, group.last))
