"""How the values of each feature are distributed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from functions.pages.panels import N_, Panel, Series
from functions.pages.sample import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions.pages.asked import Asked
    from functions.pages.sample import Value

_MOST = 24  # features
_BINS = 16
_VALUES = 12  # of words, and of numbers that are told one by one
_NOTE = N_("Of the latest {count} predictions.")


def features(asked: Asked) -> Iterator[Panel]:
    """Show each feature's values: numbers in bins, words by how often they come."""
    found = asked.sample.features
    usual = sorted(found, key=lambda name: -len(found[name]))[:_MOST]
    for name, values in found.items():
        if name in usual and (bars := _bars(values)):
            yield _panel(name, bars, len(values))


def _panel(name: str, bars: Sequence[tuple[str, int]], count: int) -> Panel:
    labels, counts = zip(*bars, strict=True)
    title = N_("Feature {feature}")
    values = {"count": count, "feature": name}
    return Panel(title, "bars", labels, [Series(N_("Predictions"), counts)], note=_NOTE, values=values)


def _bars(given: list[Value]) -> list[tuple[str, int]]:
    """Return labels and counts."""
    numbers = [each for each in given if is_number(each)]
    if len(numbers) * 2 > len(given) and len(set(numbers)) > _VALUES:
        return _binned(numbers)
    words = Counter(map(_word, given))
    if numbers and len(numbers) * 2 > len(given):
        return [(_word(value), words[_word(value)]) for value in sorted({*numbers})]
    return words.most_common(_VALUES)


def _binned(numbers: list[float]) -> list[tuple[str, int]]:
    """Count numbers in bins of equal width, each called by its least number."""
    least, width = min(numbers), (max(numbers) - min(numbers)) / _BINS
    counts = Counter(min(int((each - least) / width), _BINS - 1) for each in numbers)
    return [(f"{least + place * width:.3g}", counts[place]) for place in range(_BINS)]


def _word(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else "null" if value is None else str(value)
