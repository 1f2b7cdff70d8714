"""What the last runs of `trilog drift` found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.drift.reports import history
from functions.pages.panels import N_, Panel, Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked

_REPORTS = 60


def drift(asked: Asked) -> Iterator[Panel]:
    """Show the share of features that drift, day by day and model by model, and the scores of the last run."""
    found = history(asked.store, _REPORTS)
    if not found:
        return
    days = sorted({day for day, _ in found})
    models = sorted({report["model"] for _, report in found})
    shares = {(report["model"], day): report["share"] for day, report in found}
    series = [Series(model, [shares.get((model, day)) for day in days]) for model in models]
    yield Panel(N_("Share of features that drift"), "lines", days, series, unit="share")
    day, last = max(found, key=lambda each: each[1]["time"])
    yield Panel(
        N_("Last drift run"),
        "table",
        columns=(
            (N_("Feature"), "text"),
            (N_("Method"), "text"),
            (N_("Score"), "number"),
            (N_("Threshold"), "number"),
            (N_("Drift"), "text"),
        ),
        rows=[
            [name, each["method"], each["score"], each["threshold"], each["result"]]
            for name, each in last["features"].items()
        ],
        note=N_("{model}, {day}."),
        values={"model": last["model"], "day": day},
    )
