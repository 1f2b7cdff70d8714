"""The figures that one looks at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pages.panels import N_, Panel
from functions.pipeline.conditions import Compare
from functions.pipeline.documents import DEAD_LETTERS, LOGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked


def overview(asked: Asked) -> Iterator[Panel]:
    """Show how many records, predictions and failures there are, how long calls took, and when one was last."""
    records, predictions = asked.records, asked.all("message")
    failed = records.failed / records.documents if records else None
    counted = [asked.all(LOGS, Compare("unread", "=", "true")), asked.all(DEAD_LETTERS)]
    yield Panel(
        N_("At a glance"),
        "figures",
        columns=(
            (N_("Records"), "count"),
            (N_("Errors"), "share"),
            (N_("Predictions"), "count"),
            (N_("p95 of durations"), "ms"),
            (N_("Unread records"), "count"),
            (N_("Dead letters"), "count"),
            (N_("Last record"), "time"),
        ),
        rows=[
            [
                records.documents if records else 0,
                failed,
                predictions.documents if predictions else 0,
                records.p95 if records else None,
                *(each.documents if each else 0 for each in counted),
                records.last if records else None,
            ]
        ],
    )
