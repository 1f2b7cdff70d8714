"""What was added to counters in a window, as the dashboards ask it, tried with `promtool test rules`."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from infra.grafana.expressions import added, failure_rate, time_to_recovery

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")

RUNS = 'ingestion_runs_total{source="Zoho", objet="tasks", entreprise="boreal", zone="1-Raw", etat="%s"}'
VARIABLES = {"$source": ".*", "$objet": ".*", "$entreprise": ".*", "$zone": ".*"}


def run(folder: Path, series: dict[str, str], expected: list[tuple[str, str, list[tuple[str, float]]]]) -> None:
    """Evaluate expressions at times, over series of a value a minute."""
    tests = [
        {
            "expr": in_full(expr),
            "eval_time": at,
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples],
        }
        for expr, at, samples in expected
    ]
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "1m", "input_series": inputs, "promql_expr_test": tests}
    file = folder / "test.yml"
    file.write_text(json.dumps({"rule_files": [], "tests": [test]}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def in_full(expr: str) -> str:
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


@pytest.mark.parametrize(
    ("values", "at", "expected"),
    [
        ("5x60 7x60", "90m", 2),  # it was there, and rose
        ("5x90", "90m", 0),
        ("_x70 5x60", "90m", 5),  # it came within the window: what increase() takes for nothing
        ("_x10 5x110", "90m", 0),  # it came before
        ("5x60 _x40 8x60", "110m", 3),  # nothing was scraped for a while
        ("5x60 0x2 5x60", "100m", 0),  # made anew from the batches, which increase() takes for new runs
        ("5x60 0x2 6x60", "100m", 1),
    ],
)
def test_what_was_added_in_an_hour(tmp_path: Path, values: str, at: str, expected: float):
    run(tmp_path, {"a_total": values}, [(added("a_total", "1h"), at, [("{}", expected)])])


def test_an_exporter_that_was_away_for_longer_than_a_day_seems_to_have_counted_all_anew(tmp_path: Path):
    """The page on Grafana says so."""
    away = {"a_total": "5x10 _x1500 6x60"}
    run(
        tmp_path, away, [(added("a_total", "1h"), "1520m", [("{}", 6)]), (added("a_total", "1h"), "1572m", [("{}", 0)])]
    )


def test_a_first_failure_counts_for_the_rate(tmp_path: Path):
    series = {RUNS % "SUCCESS": "10x60 19x60", RUNS % "FAILED": "_x60 1x60"}
    run(tmp_path, series, [(failure_rate("1h"), "90m", [("{}", 0.1)]), (failure_rate("10m"), "118m", [])])


def test_without_failures_the_rate_is_none(tmp_path: Path):
    run(tmp_path, {RUNS % "SUCCESS": "10x60 19x60"}, [(failure_rate("1h"), "90m", [("{}", 0)])])


def test_the_time_to_recovery_is_that_of_the_window(tmp_path: Path):
    name = 'ingestion_recovery_seconds_%s{source="Zoho", objet="tasks"}'
    series = {name % "sum": "900x60 2100x60", name % "count": "1x60 3x60"}
    by = time_to_recovery("1h", "source, objet")
    where = '{source="Zoho", objet="tasks"}'
    run(
        tmp_path,
        series,
        [(time_to_recovery("1h"), "90m", [("{}", 600)]), (by, "90m", [(where, 600)]), (by, "30s", [(where, 900)])],
    )
