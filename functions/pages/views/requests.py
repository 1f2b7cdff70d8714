"""How long requests took, over time and by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.alerts.rules import P95_OVER
from functions.pages.panels import N_, Panel, Series
from functions.pipeline.documents import LOGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked
    from functions.pipeline.groups import Group

_LIMIT_MS = P95_OVER * 1000
_PATHS = 12
_EMPTY = N_("No record tells of a request that was timed.")


def requests(asked: Asked) -> Iterator[Panel]:
    """Show the percentiles of durations against the service level, then each path's figures."""
    if not asked.records or not asked.records.timed:
        yield Panel(N_("Response times"), "lines", empty=_EMPTY)
        return
    found = asked.records_by_time
    series = [
        Series(name, [getattr(found[time], name) if time in found else None for time in asked.times])
        for name in ("p50", "p95", "p99")
    ]
    series.append(Series(N_("service level"), [_LIMIT_MS] * len(asked.times), is_limit=True))
    yield Panel(N_("Response times"), "lines", asked.times, series, unit="ms", of_time=True)
    paths = [each for each in asked.groups(LOGS, by="http_path", slowest=True, most=_PATHS) if each.timed]
    if paths:
        yield from _by_path(paths)


def _by_path(paths: list[Group]) -> Iterator[Panel]:
    names = [each.key for each in paths]
    series = [Series("p95", [each.p95 for each in paths])]
    series.append(Series(N_("service level"), [_LIMIT_MS] * len(paths), is_limit=True))
    yield Panel(N_("Slowest paths"), "bars", names, series, unit="ms")
    yield Panel(
        N_("Paths"),
        "table",
        columns=(
            (N_("Path"), "text"),
            (N_("Requests"), "count"),
            (N_("Errors"), "share"),
            ("p50", "ms"),
            ("p95", "ms"),
            ("p99", "ms"),
        ),
        rows=[[each.key, each.documents, each.failed / each.documents, each.p50, each.p95, each.p99] for each in paths],
    )
