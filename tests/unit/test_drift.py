"""The verdict on drift: what it finds, what it lets pass, and what it calls by name."""

from collections import Counter

import numpy as np
import pytest

from functions.drift import scores
from functions.drift.comparison import CATEGORICAL, METHODS, NUMERIC, Limits, Rule, Side
from functions.drift.verdict import Pair, Result, judge
from tests.drift.simulation import KINDS, Setting, alarms, run

LIMITS = Limits()
DRAW = np.random.default_rng(11)
NORMAL = DRAW.normal(size=1000)


def numbers(values, rows=None, values_there=None):
    values = np.asarray(values, float)
    return Side(rows or len(values), values_there or rows or len(values), numbers=values, numeric=True)


def words(values, rows=None):
    return Side(rows or len(values), len(values), categories=Counter(values))


def finding(reference, current, **pair):
    rule = CATEGORICAL if reference and reference.categories else NUMERIC
    return judge([("x", Pair(rule, reference, current, **pair))], (1000, 1000), LIMITS).findings["x"]


# --- By simulation; `make bench-drift` has more runs, and docs/drift.md their figures


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_without_drift_at_most_one_run_in_a_hundred_alarms(method):
    assert alarms(Setting(15, 1000, 500, method=method), runs=300) <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_half_a_deviation_in_one_feature_of_a_thousand_rows_is_found(method):
    for features in (4, 15):
        assert alarms(Setting(features, 1000, 1000, 0.5, method), runs=120) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_twentieth_of_a_deviation_in_a_million_rows_is_significant_and_no_drift(method):
    for kind in range(KINDS):
        found = run(Setting(1, 1_000_000, 1_000_000, 0.05, method), np.random.default_rng(kind), kind).findings["0"]
        assert found.p_value < 1e-100
        assert not found.drift
        assert found.result is Result.STABLE


def test_one_drifted_feature_of_many_is_drift_unless_a_share_is_asked_for():
    pairs = {str(each): Pair(NUMERIC, numbers(NORMAL), numbers(DRAW.normal(size=1000))) for each in range(9)}
    pairs["moved"] = Pair(NUMERIC, numbers(NORMAL), numbers(NORMAL + 0.5))
    found = judge(pairs.items(), (1000, 1000), LIMITS)
    assert (found.drift, found.share) == (True, 0.1)
    assert [name for name, each in found.findings.items() if each.drift] == ["moved"]
    assert judge(pairs.items(), (1000, 1000), LIMITS, share=0.1).drift is False
    assert judge(pairs.items(), (1000, 1000), LIMITS, share=0.09).drift is True


def test_p_values_are_corrected_by_holms_method():
    shifted = [numbers(NORMAL + shift) for shift in (0.0, 0.09, 0.1)]
    pairs = {str(place): Pair(Rule("ks", 0.01), numbers(NORMAL), each) for place, each in enumerate(shifted)}
    raw = [scores.kolmogorov_smirnov(NORMAL, each.numbers)[1] for each in shifted]
    found = [each.p_value for each in judge(pairs.items(), (1000, 1000), LIMITS).findings.values()]
    tests = 6  # of the values, and of how many are missing
    assert raw[2] < raw[1] < raw[0] == 1
    assert found == [1, pytest.approx(min(1, raw[1] * (tests - 1))), pytest.approx(min(1, raw[2] * tests))]


# --- Named results


def test_a_large_score_of_a_small_sample_is_not_significant():
    draw = np.random.default_rng(4)
    found = finding(numbers(draw.normal(size=120)), numbers(draw.normal(size=120)))
    assert found.score > NUMERIC.threshold
    assert (found.result, found.drift) == (Result.NOT_SIGNIFICANT, False)


def test_too_few_rows_of_a_window_are_no_verdict():
    found = judge([("x", Pair(NUMERIC, numbers(NORMAL), numbers(NORMAL[:99] + 9)))], (1000, 99), LIMITS)
    assert found.drift is None
    assert found.findings["x"].result is Result.TOO_FEW_ROWS
    assert not found.findings["x"].drift


def test_too_few_values_of_a_feature_are_no_drift_where_they_were_few_before():
    found = finding(
        numbers(NORMAL[:50], rows=1000, values_there=50), numbers(NORMAL[:60] + 9, rows=1000, values_there=60)
    )
    assert (found.result, found.drift, found.score) == (Result.TOO_FEW_ROWS, False, None)


@pytest.mark.parametrize(("required", "drift"), [(True, True), (False, False)])
def test_a_missing_feature_is_drift_where_it_was_asked_for_by_name(required, drift):
    found = finding(numbers(NORMAL), None, required=required)
    assert (found.result, found.drift) == (Result.MISSING_FEATURE, drift)


def test_a_new_feature_is_named():
    assert finding(None, numbers(NORMAL))[1:3] == (Result.NEW_FEATURE, False)


def test_a_constant_is_named_unless_it_changes():
    same = numbers(np.full(1000, 2.0))
    assert finding(same, same)[1:4] == (Result.CONSTANT, False, 0.0)
    assert finding(words(["a"] * 500), words(["a"] * 300))[1:4] == (Result.CONSTANT, False, 0.0)
    assert finding(same, numbers(np.full(1000, 3.0)))[1:3] == (Result.DRIFT, True)
    assert finding(numbers(NORMAL), same)[1:3] == (Result.DRIFT, True)


def test_a_feature_that_comes_no_more_is_all_null():
    nothing = Side(1000, 0)
    assert finding(numbers(NORMAL), nothing)[1:3] == (Result.ALL_NULL, True)
    assert finding(nothing, nothing)[1:3] == (Result.ALL_NULL, False)
    assert finding(nothing, numbers(NORMAL))[1:3] == (Result.ALL_NULL, False)


def test_values_that_are_missing_more_often_are_drift():
    found = finding(numbers(NORMAL), numbers(NORMAL[:800], rows=1000, values_there=800))
    assert (found.result, found.drift) == (Result.NULLS, True)
    assert found.nulls == (0, pytest.approx(0.2))
    assert finding(numbers(NORMAL), numbers(NORMAL[:950], rows=1000, values_there=950)).result is Result.STABLE


def test_another_type_is_drift_and_has_no_score():
    found = finding(numbers(NORMAL), words(["old", "young"] * 500))
    assert (found.result, found.drift, found.score) == (Result.CHANGED_TYPE, True, None)


def test_an_unseen_category_is_named_and_is_drift_only_where_it_is_frequent():
    there = words(["a", "b"] * 500)
    seldom = finding(there, words(["a", "b"] * 499 + ["z", "z"]))
    assert (seldom.result, seldom.drift, seldom.unseen) == (Result.UNSEEN_CATEGORY, False, ("z",))
    often = finding(there, words(["a", "b", "z", "z"] * 250))
    assert (often.result, often.drift, often.unseen) == (Result.DRIFT, True, ("z",))


def test_an_identifier_is_not_compared():
    names = [str(each) for each in range(1000)]
    assert finding(words(names), words(names), many=True)[1:4] == (Result.TOO_MANY_CATEGORIES, False, None)


def test_what_cannot_be_judged_does_not_thin_the_share():
    pairs = {
        "moved": Pair(NUMERIC, numbers(NORMAL), numbers(NORMAL + 1)),
        "same": Pair(NUMERIC, numbers(NORMAL), numbers(NORMAL)),
        "new": Pair(NUMERIC, None, numbers(NORMAL)),
        "label": Pair(NUMERIC, numbers(NORMAL), None),
    }
    assert judge(pairs.items(), (1000, 1000), LIMITS).share == 0.5
