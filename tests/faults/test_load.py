"""Many lines, with redeliveries and throttling; for 10 million see the last section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.judge import Verdict
from tests.faults.load import load

if TYPE_CHECKING:
    from tests.faults.pipeline import Case


@pytest.mark.fault("messages twice, 503 and 429 now and then", "the backlog is drained all the same", within=100)
def test_under_load_nothing_is_lost_and_memory_stays_flat(case: Case):
    done = load(200_000)
    case.record(Verdict(done.lines, done.lost, done.doubled, 0), handed_back=[])
    assert done.found["refused items"] > 100
    assert done.again > 0
    assert done.left == 0
    assert done.peak < done.early_peak * 1.25
