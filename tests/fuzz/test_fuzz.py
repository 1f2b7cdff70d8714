"""What comes from outside may be any bytes: each target is fuzzed for a while."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.run import TARGETS

ROOT = Path(__file__).parents[2]
RUNS, SECONDS = 20_000, 30  # at most, of each. `make fuzz` goes by time alone, and further
pytestmark = pytest.mark.timeout(300)
ATHERIS = pytest.mark.skipif(find_spec("atheris") is None, reason="there is no wheel of atheris for this machine")


def fuzz(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "tests.fuzz.run", *arguments, "--folder", str(folder)]
    command = [sys.executable, "-m", "tests.bench.measured.command", *run]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("target", [each for each in TARGETS if each != "borders"])  # which unit/test_borders.py runs
def test_no_bytes_break_what_must_hold(target: str, tmp_path: Path):
    done = fuzz(tmp_path, target, "--runs", str(RUNS), "--seconds", str(SECONDS))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-5000:]}"


@pytest.mark.parametrize("by", [pytest.param("atheris", marks=ATHERIS), "hypothesis"])
def test_a_fault_is_found(by: str, tmp_path: Path):
    done = fuzz(tmp_path, "planted", "--seconds", "60", "--by", by)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "AssertionError" in said
    assert "LOST" in said


def test_every_target_is_fuzzed():
    modules = {path.stem for path in Path(__file__).parent.glob("*.py") if "\ndef target(" in path.read_text()}
    assert modules == {*TARGETS, "planted"}
    said = subprocess.run(["make", "-n", "fuzz"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"for target in {' '.join(TARGETS)};" in said
