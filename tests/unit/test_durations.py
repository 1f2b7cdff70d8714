"""Durations in all usual spellings are milliseconds."""

import pytest

from functions.pipeline.durations import milliseconds


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("15.98ms", 15.98),
        ("0.016 s", 16.0),
        ("12\u00b5s", 0.012),  # a micro sign
        ("12\u03bcs", 0.012),  # a Greek letter
        ("12us", 0.012),
        ("250ns", 0.00025),
        ("1.5e-3s", 1.5),
        ("45,3 ms", 45.3),
        ("1m2.5s", 62_500.0),
        ("1h0m0s", 3_600_000.0),
        ("2 min 3 sec", 123_000.0),
        ("00:01:02.5", 62_500.0),
        ("01:02.5", 62_500.0),
        (" 12 ", 12.0),
        ("0", 0.0),
    ],
)
def test_a_duration_is_milliseconds(written: str, expected: float):
    assert milliseconds(written) == pytest.approx(expected)


@pytest.mark.parametrize(("unit", "expected"), [("s", 12_500.0), ("us", 0.0125), ("ms", 12.5)])
def test_a_number_without_a_unit_has_that_of_its_layout(unit: str, expected: float):
    assert milliseconds("12.5", unit) == pytest.approx(expected)
    assert milliseconds("12.5ms", unit) == pytest.approx(12.5)


@pytest.mark.parametrize(
    "written", ["", "-", "ms", "12 parsecs", "-5ms", "1 2", "1s 2", "12:60:00", "1.2.3", "nan", "1" * 100 + "s"]
)
def test_anything_else_is_none(written: str):
    assert milliseconds(written) is None
