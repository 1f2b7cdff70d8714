"""The dashboard of drift: after runs of `trilog drift`, a real Prometheus answers all that it asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.dashboards import ask, check_panels, expanded, files_of, read, targets
from tests.prometheus import start_prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ENGLISH = read(files_of("model_drift")[0])
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "METRICS_INTERVAL": "0.5"}
TRILOG = [sys.executable, "-m", "functions"]
DRIFTED = 5  # the exit code

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def run(folder: Path, *command: str, status: int = 0) -> str:
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout


@contextmanager
def exporter(folder: Path) -> Iterator[str]:
    """Run `trilog metrics`; yield its host and port."""
    with subprocess.Popen(
        [*TRILOG, "metrics", "--port", "0"], cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield process.stdout.readline().split("//")[1].split("/")[0]
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture
def found(tmp_path: Path) -> tuple[Path, dict[str, object]]:
    """Run drift on the second day of the example, on which patients are older."""
    run(tmp_path, sys.executable, str(ROOT / "examples" / "drift" / "sample.py"))
    run(tmp_path, *TRILOG, "--once", "--source", "api.log")
    (tmp_path / "config.yaml").write_text("reference: training.csv\nschedule: 1d\n")
    command = ["drift", "--config", "config.yaml", "--since", "2025-10-11", "--until", "2025-10-12", "--json"]
    return tmp_path, json.loads(run(tmp_path, *TRILOG, *command, status=DRIFTED))


def test_every_expression_of_every_panel_answers(found: tuple[Path, dict[str, object]]):
    folder, report = found
    with (
        exporter(folder) as metrics,
        start_prometheus(METRICS_ADDRESS=metrics, SCRAPE_INTERVAL="2s") as prometheus,
    ):
        ends = time.monotonic() + 60
        while not prometheus.query("model_drift_detected"):
            assert time.monotonic() < ends
            time.sleep(0.5)
        assert check_panels(prometheus.address, name="model_drift", seconds=960) == []
        shown = {}
        for each in targets(ENGLISH):
            answers = ask(prometheus.address, each, expanded(each.expr, ENGLISH, 960), 960, time.time())
            shown[each.panel] = float(answers[0]["value"][1]) if each.instant else None
    assert (shown["Models with drift"], shown["Features that drifted"]) == (1, 1)
    assert shown["Largest share of features"] == pytest.approx(report["share"])
    assert 0 < shown["Time since the last run"] < 120
    assert shown["Scores, by feature"] == pytest.approx(max(each["score"] or 0 for each in report["features"].values()))
