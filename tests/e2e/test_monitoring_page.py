"""Every command of docs/monitoring.md works as it is written there; the servers are the tests' own."""

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

from tests.pages import DOCS, blocks, commands, shell
from tests.prometheus import start_prometheus
from tests.scoring import installed, status
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PAGE = (DOCS / "monitoring.md").read_text("utf-8")
RULES = yaml.safe_load((ROOT / "infra" / "prometheus" / "rules" / "api.yml").read_text("utf-8"))["groups"]
COMMANDS = commands("monitoring")
MAKE = ["make prometheus-up", "make node-exporter-up", "make node-exporter-down", "make prometheus-down"]
SERVE = ["trilog metrics", "SCORING_FAULTS=1 uvicorn app:app --app-dir examples/fastapi --port 8080 > scoring.log 2>&1"]
INSTALL = "pip install --require-hashes --no-deps -r examples/fastapi/requirements.lock"
ADDED = "job_instance:api_target_up:known"

pytestmark = pytest.mark.slow


@contextmanager
def running(command: str, folder: Path, variables: dict[str, str]) -> Iterator[None]:
    """Run a command that somebody stops by Ctrl+C."""
    with subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=variables, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGINT)


def until(expected: Callable[[], bool], seconds: float = 150) -> None:
    ends = time.monotonic() + seconds
    while not expected():
        assert time.monotonic() < ends
        time.sleep(0.5)


def answers(url: str) -> bool:
    try:
        return status(url) == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install` of the page gives."""
    return installed(tmp_path_factory.mktemp("page"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the reader has it."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "infra" / "prometheus" / "targets").mkdir(parents=True)
    return tmp_path


@pytest.mark.timeout(400)
def test_the_readers_commands_work_one_after_the_other(folder: Path, python: Path):
    api, metrics = free_port(), free_port()
    path = f"{python.parent}:{os.environ['PATH']}"
    given = {"PATH": path, "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    variables = given | {"METRICS_PORT": str(metrics), "METRICS_INTERVAL": "0.5"}
    targets = folder / "infra" / "prometheus" / "targets"
    left = [line for line in COMMANDS if line not in {*MAKE, *SERVE, INSTALL}]
    with start_prometheus(METRICS_ADDRESS=f"127.0.0.1:{metrics}", TARGETS=str(targets)) as prometheus:

        def here(command: str) -> str:
            """Return a command with the ports and the Python of this test."""
            for usual, port in (("8080", api), ("8000", metrics), ("9090", prometheus.port)):
                command = command.replace(f"localhost:{usual}", f"127.0.0.1:{port}")
            return re.sub(r"(^|&& )trilog ", rf"\1{sys.executable} -m functions ", command)

        def type_next(count: int) -> list[str]:
            return [shell(here(left.pop(0)), folder, variables) for _ in range(count)]

        serve, run = here(SERVE[0]), SERVE[1].replace("8080", str(api))
        with running(serve, folder, variables), running(run, folder, {"PATH": path}):
            until(lambda: answers(f"http://127.0.0.1:{api}/health"))
            type_next(2)
            scraped = targets / "api" / "scoring.yml"
            scraped.write_text(scraped.read_text().replace("8080", str(api)))
            until(lambda: len(prometheus.query(f"{ADDED} offset 15s")) == 2)
            type_next(4)
            own, log, _ = type_next(3)
            assert counted(own) == counted(log) == {"200": 14.0, "500": 5.0}
            names = {"ApiErreurs5xx", "ApiTempsReponseEleve", "ApiDisponibiliteFaible"}
            until(
                lambda: {(name, job) for name in names for job in ("api", "ingestion-consumer")} <= firing(prometheus)
            )
            alerts, failed = type_next(2)
            assert '"team":"api"' in alerts
            assert failed.count('"status_code":500') == 5
            assert left == []


def counted(text: str) -> dict[str, float]:
    """Read what is scraped: the requests of `/predict` by status."""
    lines = [line for line in text.splitlines() if 'route="/predict"' in line]
    return {re.findall(r'status="(\d+)"', line)[0]: float(line.rpartition(" ")[2]) for line in lines}


def firing(prometheus) -> set[tuple[str, str]]:
    return {(each["alertname"], each.get("job", "")) for each in prometheus.firing()}


def test_make_runs_the_scripts_that_the_tests_use():
    assert [each for each in COMMANDS if each.startswith("make ")] == MAKE
    for command in MAKE:
        done = subprocess.run([*command.split(), "-n"], cwd=ROOT, check=True, capture_output=True, text=True)
        assert f"infra/prometheus/server/{'node-exporter' if 'node' in command else 'prometheus'}.sh" in done.stdout


def test_the_table_of_alerts_is_that_of_the_rules():
    alerts = {
        rule["alert"]: rule["labels"]["severity"] for group in RULES for rule in group["rules"] if "alert" in rule
    }
    table = re.findall(r"^\| \[(\w+)\]\(runbooks/(\w+).md\) \|.*\| (\w+) \|$", PAGE, re.MULTILINE)
    assert {name: severity for name, _, severity in table} == alerts
    assert all(name == page for name, page, _ in table)


def test_the_page_shows_what_compose_s_prometheus_reads():
    [shown] = map(yaml.safe_load, blocks("monitoring", "yaml"))
    read = yaml.safe_load((ROOT / "infra" / "observability" / "prometheus.yml").read_text())
    assert shown["global"].items() <= read["global"].items()


def test_each_file_of_the_users_document_is_here():
    rows = re.findall(r"^\| (`[\w./-]+`.*) \| (.*) \|$", PAGE.partition("## The files")[2], re.MULTILINE)
    named = [name for _, here in rows for name in re.findall(r"`([\w./-]+/[\w./-]+)`", here)]
    assert len(rows) >= 20
    assert [name for name in named if name != "reports/drift" and not (ROOT / name).exists()] == []
