"""The scripts of Prometheus and Alertmanager: servers that start, answer and stop."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING
from urllib.request import urlopen

import psutil
import pytest
import yaml

from tests.node_exporter import NODE_EXPORTER, NODE_EXPORTER_HOME
from tests.prometheus import (
    ALERTMANAGER,
    ALERTMANAGER_HOME,
    PROMETHEUS,
    PROMETHEUS_HOME,
    start_alertmanager,
    start_prometheus,
    webhook,
)
from tests.scripts import free_port, install, run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HOMES = {PROMETHEUS: PROMETHEUS_HOME, ALERTMANAGER: ALERTMANAGER_HOME}

pytestmark = pytest.mark.slow


@pytest.fixture(params=HOMES, ids=lambda script: script.stem)
def script(request: pytest.FixtureRequest) -> Path:
    """A script whose server is installed."""
    install(request.param, HOMES[request.param])
    return Path(request.param)


@pytest.fixture
def port(script: Path, tmp_path: Path) -> Iterator[int]:
    """The port of its server, which runs."""
    port = free_port()
    run(script, "start-background", HOMES[script], port, tmp_path / "data")
    yield port
    run(script, "stop", HOMES[script], port)


def said(script: Path, *arguments: object) -> tuple[int, str]:
    done = subprocess.run([script, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_status_says_whether_it_answers(script: Path, port: int):
    code, text = said(script, "status", HOMES[script], port)
    assert code == 0
    assert re.fullmatch(rf"{script.stem.capitalize()} [\d.]+ answers at http://127.0.0.1:{port}\n", text)
    assert said(script, "status", HOMES[script], free_port())[0] == 1


def test_a_port_is_taken_once(script: Path, port: int):
    code, text = said(script, "start-background", HOMES[script], port)
    assert code == 1
    assert f"{script.stem.capitalize()} runs on port {port} already" in text


def test_it_listens_on_this_machine_only(script: Path, port: int):
    process = psutil.Process(int((HOMES[script] / "run" / f"{port}.pid").read_text()))
    listening = [each.laddr for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    assert listening == [("127.0.0.1", port)]
    assert not [each for each in process.net_connections("inet") if each.type == socket.SOCK_DGRAM]


def test_it_stops_and_starts_again_with_its_data(script: Path, tmp_path: Path):
    port, home, data = free_port(), HOMES[script], tmp_path / "data"
    for _ in range(2):
        run(script, "start-background", home, port, data)
        assert said(script, "stop", home, port) == (0, f"{script.stem.capitalize()} on port {port} is stopped\n")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_wrong_usage_is_explained(script: Path):
    code, text = said(script, "begin", HOMES[script])
    assert code == 2
    assert f"{script.name} start-background DIR" in text
    assert said(script, "run", HOMES[script], "sh")[0] == 2


def test_the_tools_run(script: Path):
    tool = {PROMETHEUS: "promtool", ALERTMANAGER: "amtool"}[script]
    code, text = said(script, "run", HOMES[script], tool, "--version")
    assert (code, text.split(",")[0]) == (0, tool)


def test_without_the_server_what_would_install_it_is_said(script: Path, tmp_path: Path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname", "mkdir", "sed"):
        (programs / name).symlink_to(f"/usr/bin/{name}" if Path(f"/usr/bin/{name}").exists() else f"/bin/{name}")
    done = subprocess.run(
        [script, "install", tmp_path / "home"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "https://prometheus.io/download/" in done.stderr


def test_a_configuration_that_cannot_work_is_said(tmp_path: Path):
    install(PROMETHEUS, PROMETHEUS_HOME)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SCRAPE_INTERVAL", "soon")
        code, text = said(PROMETHEUS, "start-background", PROMETHEUS_HOME, free_port(), tmp_path / "data")
    assert code == 1
    assert "the configuration cannot work; what promtool says is in" in text


def test_prometheus_scrapes_what_it_is_told_and_has_the_rules(tmp_path: Path):
    with start_prometheus(METRICS_ADDRESS="127.0.0.1:9", SCRAPE_INTERVAL="1s", TARGETS=str(tmp_path)) as prometheus:
        with urlopen(f"{prometheus.address}/api/v1/status/config", timeout=10) as answer:  # noqa: S310 (our own)
            told = yaml.safe_load(json.load(answer)["data"]["yaml"])
        job, *others = told["scrape_configs"]
        assert (job["job_name"], job["scrape_interval"]) == ("ingestion-consumer", "1s")
        assert job["static_configs"] == [{"targets": ["127.0.0.1:9"]}]
        files = {each["job_name"]: each["file_sd_configs"][0]["files"] for each in others}
        assert files == {name: [f"{tmp_path}/{name}/*.yml"] for name in ("api", "node")}
        with urlopen(f"{prometheus.address}/api/v1/rules", timeout=10) as answer:  # noqa: S310 (likewise)
            rules = answer.read()
        assert b"IngestionEchecDetecte" in rules
        assert b"ApiErreurs5xx" in rules


def test_the_node_exporter_starts_answers_and_stops(tmp_path: Path):
    install(NODE_EXPORTER, NODE_EXPORTER_HOME)
    port = free_port()
    run(NODE_EXPORTER, "start-background", NODE_EXPORTER_HOME, port, tmp_path)
    process = psutil.Process(int((NODE_EXPORTER_HOME / "run" / f"{port}.pid").read_text()))
    listening = [each.laddr for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    assert listening == [("127.0.0.1", port)]
    code, text = said(NODE_EXPORTER, "status", NODE_EXPORTER_HOME, port)
    assert (code, re.sub(r"[\d.]+ answers", "… answers", text)) == (
        0,
        f"The node exporter … answers at http://127.0.0.1:{port}\n",
    )
    run(NODE_EXPORTER, "stop", NODE_EXPORTER_HOME, port)
    assert said(NODE_EXPORTER, "status", NODE_EXPORTER_HOME, port)[0] == 1
    assert said(NODE_EXPORTER, "begin", NODE_EXPORTER_HOME)[0] == 2


def test_the_webhook_s_address_is_in_no_file_that_others_can_read(tmp_path: Path):
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    port, url = free_port(), "http://127.0.0.1:9/pl4nted-s3cret?a=1&b=2"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ALERT_WEBHOOK_URL", url)
        run(ALERTMANAGER, "start-background", ALERTMANAGER_HOME, port, tmp_path)
    run(ALERTMANAGER, "stop", ALERTMANAGER_HOME, port)
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and "pl4nted" in path.read_text(errors="replace")]
    assert holding == [tmp_path / "alertmanager.yml"]
    assert f'url: "{url}"' in holding[0].read_text()
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600


def test_what_is_said_of_the_webhook_s_address_is_its_owner_s_too(tmp_path: Path):
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    command = [ALERTMANAGER, "start-background", ALERTMANAGER_HOME, str(free_port()), tmp_path]
    environment = {**os.environ, "ALERT_WEBHOOK_URL": "http://127.0.0.1:no/pl4nted-s3cret"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pl4nted" not in done.stdout + done.stderr
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and "pl4nted" in path.read_text(errors="replace")]
    assert {path.name for path in holding} == {"alertmanager.yml", "check.log"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}


@pytest.mark.timeout(120)
def test_where_the_consumer_is_down_no_silent_source_is_told():
    sent: list[str] = []
    with webhook() as (url, received), start_alertmanager(ALERT_WEBHOOK_URL=url) as address:
        for alert in ("IngestionConsumerDown", "IngestionSourceMuette", "IngestionBurstErreurs"):
            tool = (
                "amtool",
                "--alertmanager.url",
                f"http://{address}",
                "alert",
                "add",
                f"alertname={alert}",
                "source=Zoho",
            )
            assert said(ALERTMANAGER, "run", ALERTMANAGER_HOME, *tool)[0] == 0
        with suppress(Empty):  # each is a group of its own, and told after 5 seconds
            while True:
                sent += [each["labels"]["alertname"] for each in received.get(timeout=15)["alerts"]]
    assert sorted(sent) == ["IngestionBurstErreurs", "IngestionConsumerDown"]


def test_the_configurations_hold_no_secret():
    for path in (ROOT / "infra" / "alertmanager").glob("*.yml"):
        assert not re.search(r"(password|token|secret|api_key|credentials)\w*:", path.read_text(), re.IGNORECASE)
