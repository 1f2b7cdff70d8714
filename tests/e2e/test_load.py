"""The load of `make load`, but less of it, goes through the deployed system."""

from __future__ import annotations

import pytest

from tests.faults.deployed_load import deployed_load
from tests.localstack import need_npm

MOST = 80e6  # bytes of a process that is warm: what it may take at all, as bench/results.md has it


@pytest.mark.timeout(600)
def test_under_load_the_deployed_system_loses_nothing_and_its_memory_stays_flat():
    need_npm()
    done = deployed_load(200_000)
    assert (done.lines, done.lost, done.doubled, done.left) == (200_000, 0, 0, 0)
    assert done.found["refused items"] > 100
    assert done.peak < max(done.early_peak * 1.25, MOST)
