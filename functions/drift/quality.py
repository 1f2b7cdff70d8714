"""How well a model predicts, where what turned out to be true is known: in both windows, by scikit-learn's measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from functions.drift.spellings import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from functions.drift.config import DriftConfig
    from functions.drift.labelled import Labelled
    from functions.drift.scores import Numbers

_TWO = 2  # classes
_SMALLER_IS_BETTER = frozenset(("mae", "rmse"))

Measures = dict[str, float | None]
"""By name; None where a measure is not defined: the precision where nothing was predicted to be positive, say."""
Counts = Mapping[tuple[str, str], int]
"""How often each pair of a target and a prediction comes."""


class QualityResult(StrEnum):
    """What became of a measure, or of all."""

    MEASURED = "measured"
    WITHIN_LIMIT = "within_limit"
    WORSE = "worse"  # than in the reference, by more than the limit
    NOT_MEASURED = "not_measured"  # it is not defined, or not of this kind of model
    TOO_FEW_ROWS = "too_few_rows"  # with a target


class Change(NamedTuple):
    """A measure in both windows; None where it is not known.

    Attributes:
        limit: how much worse it may be in the current window.
    """

    reference: float | None
    current: float | None
    limit: float | None
    result: QualityResult

    @property
    def change(self) -> float | None:
        """By how much it differs from the reference."""
        return None if self.reference is None or self.current is None else self.current - self.reference


class Quality(NamedTuple):
    """What was found of both windows.

    Attributes:
        rows: how many rows of the reference and of the current window have a target and a prediction.
    """

    changes: dict[str, Change]
    rows: tuple[int, int]
    result: QualityResult


def compare(reference: Labelled, current: Labelled, config: DriftConfig) -> Quality:
    """Measure both windows as far as they have rows enough, and compare."""
    both = reference, current
    enough = [each.rows >= config.limits.rows for each in both]
    first, second = _measured([each for each, holds in zip(both, enough, strict=True) if holds], enough, config)
    changes = {
        name: _change(name, (first.get(name), second.get(name)), config.quality.get(name), few=not all(enough))
        for name in dict.fromkeys((*first, *second, *config.quality))
    }
    worse = any(each.result is QualityResult.WORSE for each in changes.values())
    known = QualityResult.MEASURED if all(enough) else QualityResult.TOO_FEW_ROWS
    return Quality(changes, (reference.rows, current.rows), QualityResult.WORSE if worse else known)


def _measured(those: Sequence[Labelled], enough: Sequence[bool], config: DriftConfig) -> tuple[Measures, Measures]:
    """Measure the windows that have rows enough; of the others, nothing is known."""
    kind = config.target.kind if config.target else None
    continuous = any(each.is_continuous() for each in those) if kind is None else kind == "regression"
    found = iter([regression(*each.numbers()) for each in those] if continuous else _classified(those, config))
    first, second = (next(found) if holds else Measures() for holds in enough)
    return first, second


def _classified(those: Sequence[Labelled], config: DriftConfig) -> list[Measures]:
    """Measure the windows with the same classes; precision and the like where there are two."""
    counted = [each.counts() for each in those]
    words = {word for counts in counted for pair in counts for word in pair}
    values = config.features["prediction"].values if "prediction" in config.features else {}
    spell = spelling(words, values)
    positive = _positive({spell(word) for word in words}, config, spell)
    found = []
    for window, counts in zip(those, counted, strict=True):
        measures = classification(_spelled(counts, spell), positive)
        if positive is not None:
            measures["roc_auc"] = roc_auc(*window.probabilities({word for word in words if spell(word) == positive}))
        found.append(measures)
    return found


def _positive(classes: set[str], config: DriftConfig, spell: Callable[[str], str]) -> str | None:
    """Name the positive class: the one that is configured, or the second of two, as scikit-learn orders them."""
    if config.target and config.target.positive is not None:
        return spell(config.target.positive)
    return max(classes, key=_order) if len(classes) == _TWO else None


def _order(name: str) -> tuple[bool, float, str]:
    """Sort numbers as such, and before words."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _spelled(counts: Counts, spell: Callable[[str], str]) -> Counts:
    spelled: Counter[tuple[str, str]] = Counter()
    for (truth, prediction), count in counts.items():
        spelled[spell(truth), spell(prediction)] += count
    return spelled


def _change(name: str, both: Sequence[float | None], limit: float | None, *, few: bool) -> Change:
    """Compare a measure of both windows; `few` says that one of them has too few rows."""
    first, second = both
    if first is None or second is None:
        return Change(first, second, limit, QualityResult.TOO_FEW_ROWS if few else QualityResult.NOT_MEASURED)
    if limit is None:
        return Change(first, second, limit, QualityResult.MEASURED)
    worse = second - first if name in _SMALLER_IS_BETTER else first - second
    return Change(first, second, limit, QualityResult.WORSE if worse > limit else QualityResult.WITHIN_LIMIT)


def classification(counts: Counts, positive: str | None) -> Measures:
    """Return the accuracy; where there is a positive class, its precision, recall and F1, too."""
    right = sum(count for (truth, prediction), count in counts.items() if truth == prediction)
    measures: Measures = {"accuracy": _share(right, sum(counts.values()))}
    if positive is not None:
        hits = counts.get((positive, positive), 0)
        predicted = sum(count for (_, prediction), count in counts.items() if prediction == positive)
        true = sum(count for (truth, _), count in counts.items() if truth == positive)
        measures["precision"], measures["recall"] = _share(hits, predicted), _share(hits, true)
        measures["f1"] = _share(2 * hits, predicted + true)
    return measures


def roc_auc(truth: NDArray[np.bool_], probabilities: Numbers) -> float | None:
    """Return the area under the ROC curve, by the rank-sum statistic; None where there is one class alone."""
    from scipy.stats import rankdata

    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return None
    ranks = float(rankdata(probabilities)[truth].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


def regression(truth: Numbers, prediction: Numbers) -> Measures:
    """Return the mean absolute error, the root of the mean squared error, and the coefficient of determination."""
    if not len(truth):
        return {}
    error = prediction - truth
    squares, spread = float(np.sum(error**2)), float(np.sum((truth - truth.mean()) ** 2))
    r2 = 1 - squares / spread if spread else None
    return {"mae": float(np.mean(np.abs(error))), "rmse": float(np.sqrt(squares / len(truth))), "r2": r2}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
