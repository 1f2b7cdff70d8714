"""What was predicted, and how sure the model was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pages.panels import N_, Panel, Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked

_CLASSES = 12
_BINS = 20
_EMPTY = N_("There are no predictions in this period.")
_NOTE = N_("Of the latest {count} predictions.")


def predictions(asked: Asked) -> Iterator[Panel]:
    """Show how often each class was predicted, and the probabilities."""
    classes = asked.groups("message", by="result.prediction", most=_CLASSES)
    counts = [Series(N_("Predictions"), [each.documents for each in classes])]
    yield Panel(N_("Predictions by class"), "bars", [each.key for each in classes], counts, empty=_EMPTY)
    sure = asked.sample.probabilities
    if not sure:
        return
    binned = [0] * _BINS
    for each in sure:
        binned[min(int(each * _BINS), _BINS - 1)] += 1
    labels = [f"{place / _BINS:.2f}" for place in range(_BINS)]
    series = [Series(N_("Predictions"), binned)]
    yield Panel(N_("Probability"), "bars", labels, series, note=_NOTE, values={"count": len(sure)})
