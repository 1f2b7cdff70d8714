"""Compares a feature of two windows: by a score, and by how likely such a difference is by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.drift import scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.drift.scores import Numbers

KS = "ks"
_LEAST_DISTANCE = 0.1  # of distribution functions: what a normal feature that moves by a quarter of a deviation has
_LEAST_NULLS = 0.1  # a change of the share of values that are missing


class Method(NamedTuple):
    """A way to compare two samples, and the threshold of its score, which is Evidently's but for `ks`."""

    threshold: float
    numeric: bool = True
    categorical: bool = True


METHODS = {
    "psi": Method(0.1),
    "jensenshannon": Method(0.1),
    "wasserstein": Method(0.1, categorical=False),
    KS: Method(0.01, categorical=False),
}
"""By Evidently's names. The score of `ks` is a p-value, which is below its threshold when there is drift."""


class Rule(NamedTuple):
    """How a feature is compared: one of METHODS, and the threshold of its score."""

    method: str
    threshold: float


NUMERIC, CATEGORICAL = Rule("wasserstein", 0.1), Rule("jensenshannon", 0.05)
"""How features are compared by default. Both find what moves by a sixth of a standard deviation, given the rows; 0.1,
as for numbers, would miss it when a rare category becomes six times as frequent."""


class Limits(NamedTuple):
    """What holds for all features.

    Attributes:
        rows: the least number of values on each side.
        significance: how likely a false alarm in a run may be, over all features together.
    """

    rows: int = 100
    significance: float = 0.01


class Side(NamedTuple):
    """One feature in one window.

    Attributes:
        rows: the rows of the window.
        values: how many of them have a value of the feature.
        numbers: the finite ones among these, as far as they are compared as numbers.
        categories: how often each value comes, where they are compared as categories.
        numeric: whether most values are numbers.
    """

    rows: int
    values: int
    numbers: Numbers | None = None
    categories: Mapping[str, int] | None = None
    numeric: bool = False

    @property
    def compared(self) -> int:
        """How many values are compared."""
        return sum((self.categories or {}).values()) if self.numbers is None else len(self.numbers)


class Measure(NamedTuple):
    """What was measured of a difference, and what it must reach to be drift: a size, and a p-value.

    Attributes:
        score: by the feature's method.
        size: how large the difference is, which must be `least_size` or more.
        p_value: how likely so large a difference is by chance, which must be at most `most_chance` once it is
            corrected for the number of comparisons.
    """

    score: float
    size: float
    least_size: float
    p_value: float
    most_chance: float

    @property
    def large(self) -> bool:
        """Whether the difference is large enough to matter."""
        return self.size >= self.least_size


def measure(rule: Rule, limits: Limits, reference: Side, current: Side) -> Measure:
    """Compare the values of two windows, of which there are some on both sides."""
    if reference.numbers is None or current.numbers is None:
        first, second = reference.categories or {}, current.categories or {}
        score = _of_shares(rule.method, *scores.shares_of_categories(first, second))
        return Measure(score, score, rule.threshold, scores.chi_square(first, second), limits.significance)
    distance, p_value = scores.kolmogorov_smirnov(reference.numbers, current.numbers)
    if rule.method == KS:
        return Measure(p_value, distance, _LEAST_DISTANCE, p_value, rule.threshold)
    if rule.method == "wasserstein":
        score = scores.wasserstein(reference.numbers, current.numbers)
    else:
        score = _of_shares(rule.method, *scores.shares_of_numbers(reference.numbers, current.numbers))
    return Measure(score, score, rule.threshold, p_value, limits.significance)


def measure_nulls(limits: Limits, reference: Side, current: Side) -> Measure:
    """Compare how many rows of two windows, of which there are some, have no value of a feature."""
    first, second = ({"": each.rows - each.values, "value": each.values} for each in (reference, current))
    change = abs(first[""] / reference.rows - second[""] / current.rows)
    return Measure(change, change, _LEAST_NULLS, scores.chi_square(first, second), limits.significance)


def _of_shares(method: str, reference: Numbers, current: Numbers) -> float:
    return (scores.psi if method == "psi" else scores.jensen_shannon)(reference, current)
