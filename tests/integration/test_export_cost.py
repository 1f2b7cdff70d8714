"""What an export takes: little memory; and its JSON lines are the documents' own bytes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_an_export_stays_within_its_memory():
    command = [sys.executable, "-m", "tests.bench.export", "--lines", "30000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    found = json.loads(done.stdout)  # which it prints once both ways gave the same bytes
    assert 0 < found["megabytes"] <= found["limits"]["megabytes"], found
