"""How much was logged, when, and how much of it were errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pages.panels import N_, Panel, Series
from functions.pipeline.conditions import Compare
from functions.pipeline.documents import LOGS
from functions.pipeline.kinds import kinds
from functions.pipeline.levels import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked

_EMPTY = N_("There are no records in this period.")


def volume(asked: Asked) -> Iterator[Panel]:
    """Show records by level, and the share of errors, over time."""
    if not asked.records:
        yield Panel(N_("Records by level"), "bars", empty=_EMPTY)
        return
    field, every = kinds()[LOGS].level or "", asked.records_by_time
    totals = [every[time].documents if time in every else 0 for time in asked.times]
    series = [
        Series(name, [found[time].documents if time in found else 0 for time in asked.times])
        for name in sorted((each.key for each in asked.levels), key=_severity)
        if (found := asked.by_time(LOGS, Compare(field, "=", name)))
    ]
    rest = [
        max(0, total - sum(counts)) for total, *counts in zip(totals, *(each.values for each in series), strict=True)
    ]
    if any(rest):
        series.append(Series(N_("without a level"), rest))
    yield Panel(N_("Records by level"), "bars", asked.times, series, of_time=True)
    shares = [every[time].failed / every[time].documents if time in every else None for time in asked.times]
    yield Panel(N_("Share of errors"), "lines", asked.times, [Series(N_("Errors"), shares)], unit="share", of_time=True)


def _severity(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
