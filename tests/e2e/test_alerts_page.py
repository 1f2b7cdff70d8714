"""Every command of docs/ingestion-alerts.md works as it is written there; the servers are the tests' own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.pages import commands, shell
from tests.prometheus import ALERTMANAGER_HOME, start_alertmanager, start_prometheus
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ingestion-alerts.md").read_text("utf-8")
RULES = (ROOT / "infra" / "prometheus" / "rules" / "ingestion.yml").read_text("utf-8")
COMMANDS = commands("ingestion-alerts")
MAKE = ["make prometheus-up", "make rules", "make prometheus-down"]
SERVE = "trilog metrics"

pytestmark = pytest.mark.slow


def typed(command: str) -> str:
    """Return a command as the shell takes it here."""
    command = re.sub(r"^trilog ", "python -m functions ", command)
    return re.sub(r"^python ", f"{sys.executable} ", command)


@contextmanager
def running(command: str, folder: Path, variables: dict[str, str]) -> Iterator[None]:
    """Run a command that somebody stops by Ctrl+C."""
    with subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=folder, env=variables) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def until(expected: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not expected():
        assert time.monotonic() < ends
        time.sleep(0.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the reader has it."""
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    (tmp_path / ".tools").mkdir()
    (tmp_path / ".tools" / "alertmanager").symlink_to(ALERTMANAGER_HOME)
    return tmp_path


@pytest.mark.timeout(400)
def test_the_readers_commands_work_one_after_the_other(folder: Path):
    port = free_port()
    given = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}
    variables = {**given, "PYTHONPATH": str(ROOT), "METRICS_PORT": str(port)}
    with (
        start_alertmanager() as alertmanager,
        start_prometheus(METRICS_ADDRESS=f"127.0.0.1:{port}", ALERTMANAGER_ADDRESS=alertmanager) as prometheus,
        running(typed(SERVE), folder, variables),
    ):

        def fires(*names: str) -> bool:
            return {*names} <= {labels["alertname"] for labels in prometheus.firing()}

        def type_next(count: int) -> str:
            lines = [left.pop(0) for _ in range(count)]
            local = [line.replace("localhost:9090", f"127.0.0.1:{prometheus.port}") for line in lines]
            return "".join(shell(line.replace("localhost:9093", alertmanager), folder, variables) for line in local)

        left = [typed(line) for line in COMMANDS if line not in MAKE and line != SERVE]
        query = next(line for line in left if "amtool" in line).replace("localhost:9093", alertmanager)
        until(lambda: bool(prometheus.query("ingestion:last_success_timestamp_seconds:known")), 120)
        type_next(4)
        until(lambda: fires("IngestionEchecDetecte", "IngestionBurstErreurs"), 60)
        until(lambda: fires("IngestionSourceMuette"), 90)
        until(lambda: "IngestionEchecDetecte" in shell(query, folder, variables), 30)
        shown = type_next(2)
        assert '"alertname":"IngestionSourceMuette"' in shown
        assert "Échec d'ingestion : " in shown
        type_next(2)
        until(lambda: not fires("IngestionSourceMuette"), 120)
        assert left == []


def test_make_runs_the_scripts_that_the_tests_use():
    assert [each for each in COMMANDS if each.startswith("make ")] == MAKE
    said = [
        subprocess.run([*each.split(), "-n"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for each in MAKE
    ]
    assert all("infra/prometheus/server/prometheus.sh" in each for each in said)
    done = subprocess.run(["make", "rules"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") > 10


def test_the_table_has_each_alert_its_severity_and_its_runbook():
    alerts = [rule for group in yaml.safe_load(RULES)["groups"] for rule in group["rules"] if "alert" in rule]
    expected = {(rule["alert"], rule["annotations"]["runbook_url"], rule["labels"]["severity"]) for rule in alerts}
    table = re.findall(r"^\| \[(\w+)\]\((\S+)\) \|.*\| (\w+) \|$", PAGE, re.MULTILINE)
    assert {(name, f"docs/{page}", severity) for name, page, severity in table} == expected


def test_the_page_names_what_is_recorded_as_it_is():
    recorded = set(re.findall(r"- record: (\S+)", RULES))
    named = {each for each in re.findall(r"`([a-z_]+:[a-z_]+:[a-z0-9]+)`", PAGE) if ":" in each}
    assert len(named) >= 3
    assert named <= recorded
