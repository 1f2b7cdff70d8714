"""What ran: ingestions by their sources, executions by their models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pages.panels import N_, Panel, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked
    from functions.pipeline.groups import Group

_MOST = 20
_FIGURES: tuple[tuple[str, Unit], ...] = (
    (N_("Runs"), "count"),
    (N_("Failures"), "share"),
    ("p50", "ms"),
    ("p95", "ms"),
    (N_("Last"), "time"),
)


def ingestions(asked: Asked) -> Iterator[Panel]:
    """Show the ingestion runs of each source, where there are any."""
    found = asked.groups("ingestion_run", by="source.name", most=_MOST)
    if found:
        yield _table(N_("Ingestion runs"), N_("Source"), found)


def executions(asked: Asked) -> Iterator[Panel]:
    """Show the executions of each model, where there are any."""
    found = asked.groups("model_execution", by="model_name", most=_MOST)
    if found:
        yield _table(N_("Model executions"), N_("Model"), found)


def _table(title: str, of: str, found: list[Group]) -> Panel:
    rows = [[each.key, each.documents, each.failed / each.documents, each.p50, each.p95, each.last] for each in found]
    return Panel(title, "table", columns=((of, "text"), *_FIGURES), rows=rows)
