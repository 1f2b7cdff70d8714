"""Every process of pytest-xdist collects the same tests, whenever it does and whatever the order of its sets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def collected(seed: str) -> list[str]:
    """Return the names of all the tests, as a new process collects them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--numprocesses", "0", "tests"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if "::" in line]


@pytest.mark.slow
def test_the_names_of_tests_depend_neither_on_the_time_nor_on_hashes():
    first = collected("1")
    assert len(first) > 1000
    assert collected("2") == first  # seconds later: what gzip wrote into a head has changed
