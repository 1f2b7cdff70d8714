"""A run of drift has its bounds, of processor time and memory: see `tests/drift/cost.py`, on a tenth of the rows."""

import sys

import pytest

from tests.drift import cost

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_run_keeps_its_bounds(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cost", "--rows", "100000"])
    assert cost.main() == 0, capsys.readouterr().out
