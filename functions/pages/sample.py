"""The latest predictions, of which distributions are made: what an index does not count is counted here."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable

_FEATURES = 60  # more than a page shows, as the first ones need not be the usual ones
_LONGEST = 200  # characters of a word

Value = float | str | bool | None


class Sample(NamedTuple):
    """Predictions without what nobody draws, so that a few thousand of them take little room.

    Attributes:
        features: the values of each feature, without lists and objects: images and texts in parts are no distributions.
        probabilities: those that are numbers from 0 to 1.
    """

    features: dict[str, list[Value]]
    probabilities: list[float]


def sample_of(predictions: Iterable[dict[str, Any]]) -> Sample:
    """Take the documents of predictions, one at a time."""
    sample = Sample({}, [])
    for document in predictions:
        given, result = (document.get(name) for name in ("input_data", "result"))
        for name, value in given.items() if isinstance(given, dict) else ():
            _add(sample.features, name, value)
        found = result.get("probability") if isinstance(result, dict) else None
        if is_number(found) and 0 <= found <= 1:
            sample.probabilities.append(found)
    return sample


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value is a number that can be drawn."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _add(features: dict[str, list[Value]], name: str, value: object) -> None:
    if isinstance(value, list | dict) or (name not in features and len(features) >= _FEATURES):
        return
    features.setdefault(name, []).append(value[:_LONGEST] if isinstance(value, str) else value)  # type: ignore[arg-type] # JSON has no other values
