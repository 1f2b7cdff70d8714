"""Whether there is drift: decided here and nowhere else, by size and significance together.

A difference is drift where its size reaches a threshold *and* chance does not explain it. Size alone would alarm on
small samples, whose scores are large by chance; significance alone on large ones, where any difference is significant.

The p-values are corrected for their number by Holm's method, which holds however the features depend on each other. So
where nothing differs, a run alarms with at most the configured probability, however many features there are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from functions.drift.comparison import Limits, Measure, Rule, Side, measure, measure_nulls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SOME = 10  # categories that are named


class Result(StrEnum):
    """What became of a feature."""

    STABLE = "stable"
    DRIFT = "drift"
    NOT_SIGNIFICANT = "not_significant"  # the score is over its threshold, which may be chance
    UNSEEN_CATEGORY = "unseen_category"  # stable, but the reference does not have all categories
    CONSTANT = "constant"  # one value, the same on both sides
    NULLS = "nulls"  # values are missing much more, or less, often
    ALL_NULL = "all_null"  # a side has no value at all
    CHANGED_TYPE = "changed_type"  # numbers there, words here
    MISSING_FEATURE = "missing_feature"  # the reference has it, the current window does not
    NEW_FEATURE = "new_feature"  # the current window has it, the reference does not
    TOO_FEW_ROWS = "too_few_rows"
    TOO_MANY_CATEGORIES = "too_many_categories"  # an identifier, or free text


_NOT_JUDGED = frozenset((Result.MISSING_FEATURE, Result.NEW_FEATURE, Result.TOO_FEW_ROWS, Result.TOO_MANY_CATEGORIES))


class Pair(NamedTuple):
    """A feature in both windows; None on the side that does not have it.

    Attributes:
        required: whether the feature was asked for by name.
        many: whether the reference has too many categories to compare.
    """

    rule: Rule
    reference: Side | None
    current: Side | None
    required: bool = False
    many: bool = False


class Finding(NamedTuple):
    """What was found of a feature.

    Attributes:
        score: by the method, None where nothing was compared.
        p_value: corrected for the number of comparisons; likewise.
        numeric: whether the values were compared as numbers.
        unseen: categories that the reference does not have, some of them.
        nulls: the share of rows without a value in the reference and in the current window.
    """

    rule: Rule
    result: Result
    drift: bool
    score: float | None = None
    p_value: float | None = None
    numeric: bool = False
    unseen: tuple[str, ...] = ()
    nulls: tuple[float | None, float | None] = (None, None)


class Verdict(NamedTuple):
    """What was found of all features.

    Attributes:
        rows: those of the reference and of the current window.
        drift: whether there is drift; None where that cannot be told: a window has too few rows, or no feature can be
            judged.
        share: the share of features with drift among those that could be judged.
    """

    findings: dict[str, Finding]
    rows: tuple[int, int]
    drift: bool | None
    share: float


def judge(pairs: Iterable[tuple[str, Pair]], rows: tuple[int, int], limits: Limits, share: float = 0.0) -> Verdict:
    """Compare all features, and say whether there is drift: in more than a share of them (0: in any).

    Args:
        pairs: the features by their names; one is held at a time.
        rows: those of the reference and of the current window.
        limits: what holds for all features.
        share: see above.
    """
    if min(rows) < limits.rows:
        findings = {name: Finding(each.rule, Result.TOO_FEW_ROWS, drift=False) for name, each in pairs}
        return Verdict(findings, rows, None, 0.0)
    examined = {name: _examine(each, limits) for name, each in pairs}
    chances = _corrected(
        {(name, of): each.p_value for name, (_, both) in examined.items() for of, each in both.items()}
    )
    findings = {name: _found(name, *each, chances) for name, each in examined.items()}
    judged = [each for each in findings.values() if each.drift or each.result not in _NOT_JUDGED]
    drifted = sum(each.drift for each in judged) / len(judged) if judged else 0.0
    return Verdict(findings, rows, drifted > share if judged else None, drifted)


_VALUES, _NULLS = "values", "nulls"
_Measures = dict[str, Measure]


def _examine(pair: Pair, limits: Limits) -> tuple[Finding, _Measures]:
    """Return what can be said of a feature alone, and what was measured of it."""
    reference, current = pair.reference, pair.current
    result = _structure(pair, limits)
    finding = Finding(pair.rule, result, _is_broken(result, pair), nulls=(_null_share(reference), _null_share(current)))
    if reference is None or current is None or not reference.values:
        return finding, {}
    measured = {_NULLS: measure_nulls(limits, reference, current)}
    if result is not Result.STABLE:
        return finding, measured
    measured[_VALUES] = measure(pair.rule, limits, reference, current)
    unseen = sorted({*(current.categories or {})} - {*(reference.categories or {})})
    result = Result.CONSTANT if _is_constant(current) else Result.STABLE
    numeric = reference.numbers is not None
    return finding._replace(result=result, numeric=numeric, unseen=tuple(unseen[:_SOME])), measured


def _structure(pair: Pair, limits: Limits) -> Result:
    """Name what forbids to compare a feature's values; stable for nothing."""
    reference, current = pair.reference, pair.current
    if reference is None:
        return Result.NEW_FEATURE
    if current is None:
        return Result.MISSING_FEATURE
    reasons = (
        (not reference.values or not current.values, Result.ALL_NULL),
        (min(reference.values, current.values) < limits.rows, Result.TOO_FEW_ROWS),
        (reference.numeric != current.numeric, Result.CHANGED_TYPE),
        (pair.many, Result.TOO_MANY_CATEGORIES),
        (min(reference.compared, current.compared) < limits.rows, Result.TOO_FEW_ROWS),
    )
    return next((result for holds, result in reasons if holds), Result.STABLE)


def _is_broken(result: Result, pair: Pair) -> bool:
    return result is Result.CHANGED_TYPE or (result is Result.MISSING_FEATURE and pair.required)


def _corrected(p_values: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Correct p-values for their number by Holm's step-down method."""
    corrected, least = {}, 0.0
    for rank, (key, p_value) in enumerate(sorted(p_values.items(), key=lambda each: each[1])):
        least = max(least, min(1.0, p_value * (len(p_values) - rank)))
        corrected[key] = least
    return corrected


def _found(name: str, finding: Finding, measured: _Measures, chances: Mapping[tuple[str, str], float]) -> Finding:
    """Name what was found of a feature: the first reason that holds."""
    if _NULLS in measured and _is_drift(measured[_NULLS], chances[name, _NULLS]):
        result = Result.ALL_NULL if finding.result is Result.ALL_NULL else Result.NULLS
        finding = finding._replace(result=result, drift=True)
    if _VALUES not in measured:
        return finding
    values, chance = measured[_VALUES], chances[name, _VALUES]
    finding = finding._replace(score=values.score, p_value=chance)
    if finding.drift:
        return finding
    if _is_drift(values, chance):
        return finding._replace(result=Result.DRIFT, drift=True)
    reasons = ((values.large, Result.NOT_SIGNIFICANT), (finding.unseen, Result.UNSEEN_CATEGORY))
    return finding._replace(result=next((result for holds, result in reasons if holds), finding.result))


def _is_drift(measured: Measure, chance: float) -> bool:
    return measured.large and chance <= measured.most_chance


def _is_constant(side: Side) -> bool:
    return (
        bool(side.numbers.min() == side.numbers.max()) if side.numbers is not None else len(side.categories or ()) == 1
    )


def _null_share(side: Side | None) -> float | None:
    return None if side is None or not side.rows else 1 - side.values / side.rows
