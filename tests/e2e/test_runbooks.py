"""The commands of the runbooks work as they are written there, on data of the kind that their alerts are about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pages import DOCS, commands, shell

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
GIVEN = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
TRILOG = f"{sys.executable} -m functions"
DRIFTED = 5  # the exit code
LINES = [
    "2025-01-20 10:30:00 - api - INFO - [a-1] API Call - POST /predict - Status: 500 - Time: 15.98ms",
    "2025-01-20 10:30:00 - api - INFO - [a-2] API Call - POST /predict - Status: 422 - Time: 5ms",
    "2025-01-20 10:30:00 - api - INFO - [a-3] API Call - POST /predict - Status: 200 - Time: 2500.5ms",
    "2025-01-20 10:30:00 - api - INFO - [a-4] API Call - POST /predict - Status: 200 - Time: 250.5ms",
    "2025-01-20 10:30:00 - api - ERROR - model not loaded",
]


def named(begin: str) -> list[str]:
    """Return the names of the alerts that begin so."""
    return sorted(file.stem for file in (DOCS / "runbooks").glob(f"{begin}*.md"))


def typed(name: str) -> list[str]:
    """Return the runbook's commands of `trilog`, as they are typed here."""
    lines = [each for each in commands(f"runbooks/{name}") if each.startswith("trilog ")]
    return [each.replace("trilog ", f"{TRILOG} ", 1) for each in lines]


def test_every_runbook_is_tried_here():
    assert sorted(named("")) == sorted([*named("Api"), *named("Ingestion"), *named("Derive")])


@pytest.mark.parametrize("name", named("Api"))
def test_the_records_of_a_failure_a_refusal_a_slow_answer_and_an_error_are_found(name: str, tmp_path: Path):
    (tmp_path / "api.log").write_text("\n".join(LINES) + "\n")
    shell(f"{TRILOG} --once --source api.log", tmp_path, GIVEN)
    for command in typed(name):
        found = shell(command, tmp_path, GIVEN | {"SINCE": "2025-01-20T10:00Z"})
        documents = [json.loads(line) for line in found.splitlines()]
        assert len(documents) == (5 if "tail" in command else 1), command


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], tuple[int, str]]:
    """Type a command in a folder; return how it ended, and what it printed."""

    def type_in(command: str) -> tuple[int, str]:
        given = GIVEN | {"SINCE": "2025-09-05T00:00Z", "DAY": "2025-10-11"}
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=given, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    return type_in


@pytest.mark.parametrize("name", named("Ingestion"))
def test_ingestion_runs_are_found(name: str, run: Callable[[str], tuple[int, str]]):
    run(f"{sys.executable} -m examples.ingestion.rows --runs 17 --failed 3 > rows.json")
    assert run(f"{TRILOG} --once --source rows.json")[0] == 0
    for command in typed(name):
        status, said = run(command)
        assert (status, bool(said.strip())) == (0, True), command
        assert len(said.splitlines()) == 3 or "FAILED" not in command


@pytest.mark.parametrize("name", named("Derive"))
def test_the_report_of_a_day_is_found_or_made(name: str, run: Callable[[str], tuple[int, str]]):
    run(f"{sys.executable} {ROOT}/examples/drift/sample.py; echo 'reference: training.csv' > config_drift.yaml")
    run(f"{TRILOG} --once --source api.log")
    assert run(f"{TRILOG} drift --reference training.csv --since 2025-10-11 --until 2025-10-12")[0] == DRIFTED
    for command in typed(name):
        status, said = run(command)
        assert (status in {0, DRIFTED}, "AGE" in said) == (True, True), command
