"""What one machine takes for a log: little memory, and less of the disk than the log."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_memory_and_the_index_stay_within_their_limits():
    command = [sys.executable, "-m", "tests.bench.one_machine", "--lines", "60000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    found = json.loads(done.stdout)
    for name in ("index_to_lines", "megabytes", "export_megabytes"):  # seconds of CPU are for a quiet machine
        assert 0 < found[name] <= found["limits"][name], found
