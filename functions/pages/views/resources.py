"""What predictions cost: memory, processor time, and the functions that took it."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING, Any

from functions.pages.asked import SAMPLE
from functions.pages.panels import N_, Panel, Series, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked

_FUNCTIONS = 12
_PROFILES = 1000  # lists of functions that are added up
_POINTS = 120
_NOTE = N_("Of the latest {count} measurements.")


def resources(asked: Asked) -> Iterator[Panel]:
    """Show memory and processor time over time."""
    found = asked.newest("perfs", SAMPLE, fields=["memory_mb", "cpu_time_ms"])
    if not found:
        yield Panel(N_("Memory"), "lines", empty=N_("There are no performance metrics in this period."))
        return
    yield _over_time(N_("Memory"), found, "memory_mb", "mb")
    yield _over_time(N_("Processor time"), found, "cpu_time_ms", "ms")


def _over_time(title: str, found: list[dict[str, Any]], field: str, unit: Unit) -> Panel:
    times, means, highest = _points(found, field)
    series = [Series(N_("mean"), means), Series(N_("highest"), highest)]
    return Panel(title, "lines", times, series, unit, of_time=True, note=_NOTE, values={"count": len(found)})


def _points(found: list[dict[str, Any]], field: str) -> tuple[list[str], list[float | None], list[float | None]]:
    """Return the first times, the means and the highest values of parts of equal length."""
    length = -(-len(found) // _POINTS)
    parts = [found[start : start + length] for start in range(0, len(found), length)]
    values = [[each[field] for each in part if isinstance(each.get(field), int | float)] for part in parts]
    return (
        [part[0]["@timestamp"] for part in parts],
        [fmean(each) if each else None for each in values],
        [max(each) if each else None for each in values],
    )


def functions(asked: Asked) -> Iterator[Panel]:
    """Show the functions that took the most time, added up over the latest profiles."""
    spent: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    profiles = [
        each["top_functions"]
        for each in asked.newest("perfs", _PROFILES, fields=["top_functions"])
        if each.get("top_functions")
    ]
    for profile in profiles:
        for each in profile:
            name, took = each.get("function"), each.get("cumulative_time")
            if isinstance(name, str) and isinstance(took, int | float):
                spent[name][0] += took
                spent[name][1] += each.get("calls") or 0
    most = sorted(spent, key=lambda name: -spent[name][0])[:_FUNCTIONS]
    if most:
        yield Panel(
            N_("Slowest functions"),
            "table",
            columns=((N_("Function"), "text"), (N_("Total time"), "ms"), (N_("Calls"), "count")),
            rows=[[name, spent[name][0] * 1000, spent[name][1]] for name in most],
            note=N_("Added up over the latest {count} profiles."),
            values={"count": len(profiles)},
        )
