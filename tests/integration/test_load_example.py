"""The load simulator: what its scenarios are like, and that its users ask the example API as its README says."""

from __future__ import annotations

import csv
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from examples.load.patients import AGE_DEVIATION, patient
from examples.load.scenarios import SCENARIOS, asked
from tests.client.environments import environment, install
from tests.scoring import installed, start_scoring

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "load"


@pytest.mark.parametrize(
    ("scenario", "users"),
    [("steady", [20, 20, 20, 20]), ("ramp", [1, 5, 15, 20]), ("burst", [20, 2, 2, 20]), ("slow", [20] * 4)],
)
def test_a_scenario_has_so_many_users_after_0_30_90_and_120_seconds(scenario: str, users: list[int]):
    assert [SCENARIOS[scenario](seconds, 20, 120) for seconds in (0, 30, 90, 120)] == users


def test_a_share_of_the_requests_is_slow_or_fails_in_these_scenarios_only():
    random = Random(1)  # noqa: S311 (no secret)
    assert [asked(name, 1, random) for name in SCENARIOS] == [{}, {}, {}, {"seconds": 2.5}, {"fail": "true"}]
    some = [bool(asked("errors", 0.3, random)) for _ in range(10_000)]
    assert 0.28 < statistics.mean(some) < 0.32


def test_patients_drift_by_so_many_standard_deviations():
    trained, drifted = ([patient(Random(n), drift)["AGE"] for n in range(5000)] for drift in (0, 0.5))  # noqa: S311 (likewise)
    shift = (statistics.mean(drifted) - statistics.mean(trained)) / AGE_DEVIATION
    assert shift == pytest.approx(0.5, abs=0.02)


def test_a_training_set_is_written_as_csv():
    command = [sys.executable, "-m", "examples.load.training_set", "--rows", "50"]
    written = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rows = list(csv.DictReader(written.splitlines()))
    assert len(rows) == 50
    assert rows[0].keys() == patient(Random(0)).keys()  # noqa: S311 (likewise)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Run the example API; return its address, and what it prints."""
    folder = tmp_path_factory.mktemp("api")
    with start_scoring(installed(folder), folder / "api.log") as address:
        yield address, folder / "api.log"


@pytest.fixture(scope="module")
def locust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install what the README says into an environment of its own."""
    python = environment(tmp_path_factory.mktemp("locust") / "venv", sys.executable)
    install(python, "--require-hashes", "--no-deps", "-r", EXAMPLE / "requirements.lock")
    return python.with_name("locust")


def run(locust: Path, scenario: str, address: str, folder: Path) -> dict[str, float]:
    """Run the README's command, for a short time; return what it measured."""
    told = re.search(r"^    locust (.*)$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    assert told
    words = {"http://127.0.0.1:8080": f"http://{address}", "steady": scenario, "10": "4", "60s": "8s"}
    command = [locust, *(words.get(word, word) for word in told[1].split()), "--json-file", folder / "stats"]
    done = subprocess.run(
        [*command, "--every", "0.3"], cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [stats] = json.loads((folder / "stats.json").read_text())
    return dict(stats)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("scenario", "statuses", "longest"),
    [("steady", {"200"}, (0, 2500)), ("errors", {"200", "500"}, (0, 2500)), ("slow", {"200"}, (2500, 60_000))],
)
def test_its_users_ask_the_api_as_the_readme_says(
    scenario: str,
    statuses: set[str],
    longest: tuple[int, int],
    request: pytest.FixtureRequest,
    tmp_path: Path,
):
    address, log = request.getfixturevalue("api")
    before = len(log.read_text())
    stats = run(request.getfixturevalue("locust"), scenario, address, tmp_path)
    assert (stats["num_requests"] > 10, stats["num_failures"]) == (True, 0)
    assert longest[0] <= stats["max_response_time"] <= longest[1]
    assert {*re.findall(r'"POST /predict\S* HTTP/1.1" (\d+)', log.read_text()[before:])} == statuses
