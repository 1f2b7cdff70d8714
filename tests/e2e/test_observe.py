"""`make observe`: everything runs on this machine, answers what the page asks, and is gone after Ctrl+C."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from tests import kafka, loki, prometheus
from tests.pages import commands, shell
from tests.scripts import free_port, install

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MAKE, *COMMANDS = commands("ingestion-runs", "bash")
USUAL = {"kafka": 9092, "loki": 3100, "alertmanager": 9093, "prometheus": 9090, "metrics": 8000}
SERVERS = {
    kafka.SCRIPT: kafka.HOME,
    prometheus.PROMETHEUS: prometheus.PROMETHEUS_HOME,
    prometheus.ALERTMANAGER: prometheus.ALERTMANAGER_HOME,
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


class Seen:
    """What `make observe` does, on other ports."""

    def __init__(self, ports: dict[str, int], printed: str) -> None:
        self.ports, self.printed = ports, printed

    def typed(self, command: str) -> str:
        """Type a command of the page; return what it prints."""
        for name, port in USUAL.items():
            command = command.replace(f"localhost:{port}", f"localhost:{self.ports[name]}")
        return shell(command, ROOT, os.environ)


def started(ports: dict[str, int], stderr: int | None = None) -> subprocess.Popen[str]:
    """Start what `make observe` starts, as a terminal does: in a process group of its own."""
    given = [f"--{name}={port}" for name, port in ports.items()]
    command = [sys.executable, "examples/observe.py", *given]
    variables = {name: str(free_port()) for name in ("KAFKA_CONTROLLER_PORT", "LOKI_GRPC_PORT", "LOKI_MEMBER_PORT")}
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **variables}
    pipes = {"stdout": subprocess.PIPE, "stderr": stderr}
    return subprocess.Popen(command, cwd=ROOT, env=environment, **pipes, text=True, process_group=0)


def until(process: subprocess.Popen[str], text: str) -> str:
    """Return what it prints up to a text; it may take five minutes."""
    assert process.stdout
    late = Timer(300, process.kill)
    late.start()
    printed = ""
    while text not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    late.cancel()
    return printed


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    for script, home in SERVERS.items():
        install(script, home)
    loki.install_loki()
    ports = {name: free_port() for name in USUAL}
    with started(ports) as process:
        try:
            yield Seen(ports, until(process, "Ctrl+C"))
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(120)
    assert process.returncode == 0
    for port in ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_prints_where_everything_is_and_what_the_panels_show(seen: Seen):
    assert f"http://127.0.0.1:{seen.ports['metrics']}/metrics" in seen.printed
    assert re.search(r"Runs by state\n +Successes +167\n +Failures +3\n", seen.printed)
    assert re.search(r"MTTR by source and object\n +(EasyProjects|Efficy|PowerBI|SharePoint|Zoho) ", seen.printed)
    assert re.search(r"Freshness \(SLO\)\n +100 %", seen.printed)


def test_the_commands_of_the_page_are_answered(seen: Seen):
    said = {command: seen.typed(command) for command in COMMANDS}
    metrics, healthy, ready, runs, targets, lines, topics, topic, groups = said.values()
    assert "ingestion_runs_total{" in metrics
    assert "Healthy" in healthy
    assert ready == "ready\n"
    assert runs.count('"__name__":"ingestion_runs_total"') >= 17
    assert '"health":"up"' in targets
    assert lines.count('"id"') > 50
    assert "ingestion-logs" in topics.split()
    assert "PartitionCount: 3" in topic
    rows = [row.split() for row in groups.splitlines() if "ingestion-logs" in row]
    assert sum(int(row[3]) for row in rows) == 170
    assert {row[5] for row in rows} == {"0"}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_starts_the_same():
    said = subprocess.run([*MAKE.split(), "-n"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "examples/observe.py" in said


@pytest.mark.parametrize(("taken", "told"), [("alertmanager", "is taken by another server"), ("metrics", "Port")])
@pytest.mark.usefixtures("seen")  # the servers are installed
def test_a_port_that_is_taken_is_told_and_stops_what_was_started(taken: str, told: str):
    ports = {name: free_port() for name in USUAL}
    with socket.create_server(("127.0.0.1", ports[taken])), started(ports, stderr=subprocess.STDOUT) as process:
        printed, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert told in printed
    assert str(ports[taken]) in printed
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", ports["kafka"])) != 0
