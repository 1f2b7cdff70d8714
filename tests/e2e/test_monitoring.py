"""From simulated users to metrics, drift, alerts and traces, on real servers, each counted at both ends.

Locust's users ask the example API, whose log `trilog` collects; Prometheus scrapes what `trilog metrics` counts,
Alertmanager tells a server shaped as Slack, `trilog traces` sends to Jaeger, and `trilog drift` compares predictions
with the training set, from which the users' ages have moved away.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.client.environments import environment, install
from tests.jaeger import Jaeger, start_jaeger
from tests.prometheus import Prometheus, start_alertmanager, start_prometheus
from tests.receivers import Web, until, web
from tests.scoring import installed, start_scoring
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LOAD = ROOT / "examples" / "load"
DRIFTED = 5  # the exit code
TOLD = ("ApiErreurs5xx", "ApiTempsReponseEleve", "DeriveVariable")
KNOWN = "job_instance:api_target_up:known offset 15s"  # what is counted after it is new

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Servers(NamedTuple):
    """What runs: the API, and all that watches it; and the folder where `trilog` has its data."""

    folder: Path
    api: str
    prometheus: Prometheus
    jaeger: Jaeger
    slack: Web

    def trilog(self, *arguments: str, status: int = 0) -> str:
        """Run a command; return what it prints."""
        command = [sys.executable, "-m", "functions", *arguments]
        variables = variables_of(self.jaeger)
        done = subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done.stdout

    def collect(self) -> None:
        """Collect what is new of the API's log."""
        self.trilog("--once", "--source", "scoring.log")


def variables_of(jaeger: Jaeger) -> dict[str, str]:
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "METRICS_INTERVAL": "0.5"}
    return given | {"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.endpoint, "OTEL_SERVICE_NAME": "scoring"}


@contextmanager
def exporter(folder: Path, jaeger: Jaeger) -> Iterator[str]:
    """Run `trilog metrics`; yield its host and port."""
    port = free_port()
    command = [sys.executable, "-m", "functions", "metrics", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, env=variables_of(jaeger), stdout=subprocess.DEVNULL) as process:
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """All of them."""
    folder = tmp_path / "data"
    (folder / "targets").mkdir(parents=True)
    with ExitStack() as stack:
        jaeger, slack = stack.enter_context(start_jaeger()), stack.enter_context(web())
        (tmp_path / "slack").write_text(f"{slack.address}/slack\n")
        alertmanager = stack.enter_context(start_alertmanager(ALERT_SLACK_URL_FILE=str(tmp_path / "slack")))
        addresses = {
            "METRICS_ADDRESS": stack.enter_context(exporter(folder, jaeger)),
            "ALERTMANAGER_ADDRESS": alertmanager,
            "TARGETS": str(folder / "targets"),
        }
        prometheus = stack.enter_context(start_prometheus(**addresses))
        api = stack.enter_context(start_scoring(installed(tmp_path), folder / "scoring.log"))
        yield Servers(folder, api, prometheus, jaeger, slack)


@pytest.fixture(scope="module")
def locust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The load simulator's program."""
    python = environment(tmp_path_factory.mktemp("locust") / "venv", sys.executable)
    install(python, "--require-hashes", "--no-deps", "-r", LOAD / "requirements.lock")
    return python.with_name("locust")


def simulated(locust: Path, servers: Servers, scenario: str, *options: str) -> int:
    """Have ten users ask for eight seconds, whose ages have drifted; return how many answers they had."""
    command = [locust, "-f", LOAD / "locustfile.py", "ScoringUser", "--headless", "--host", f"http://{servers.api}"]
    command += ["--scenario", scenario, "--drift", "0.5", "--users", "10", "--spawn-rate", "10", "--run-time", "8s"]
    command += ["--every", "0.3", "--stop-timeout", "30", "--json-file", servers.folder / "stats", *options]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [stats] = json.loads((servers.folder / "stats.json").read_text())
    assert stats["num_failures"] == 0
    return int(stats["num_requests"])


def test_what_users_did_is_in_metrics_drift_alerts_and_traces(locust: Path, servers: Servers):
    training = [sys.executable, "-m", "examples.load.training_set", "--rows", "1000"]
    rows = subprocess.run(training, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (servers.folder / "training.csv").write_text(rows)
    until(lambda: servers.prometheus.query(KNOWN), 120)
    requests = simulated(locust, servers, "steady", "--seed", "1")
    servers.collect()
    requests += simulated(locust, servers, "errors", "--share", "0.3", "--seed", "2")
    requests += simulated(locust, servers, "slow", "--share", "0.5", "--seed", "3")
    servers.collect()
    failed = len(re.findall(r'"POST /predict\S* HTTP/1.1" 500', (servers.folder / "scoring.log").read_text()))
    assert failed > 5
    compare(servers, requests, failed)
    servers.trilog("drift", "--reference", "training.csv", status=DRIFTED)
    until(lambda: {name for name in TOLD if sent(servers.slack, name)} == {*TOLD}, 240)
    [drift] = sent(servers.slack, "DeriveVariable")
    assert "Dérive de AGE" in drift["attachments"][0]["title"]
    assert not [each for each in servers.prometheus.firing() if each["alertname"].startswith("Ingestion")]


def compare(servers: Servers, requests: int, failed: int) -> None:
    """Compare what users counted with the index, the metrics, the drift's rows and the traces."""
    answered = requests - failed
    exported = servers.trilog("export", "ml-api-message").splitlines()
    assert len(exported) == answered
    by_status = 'sum by (status) (api_requests_total{route="/predict"})'
    until(lambda: counted(servers.prometheus.query(by_status)) == {"200": answered, "500": failed}, 60)
    report = json.loads(servers.trilog("drift", "--reference", "training.csv", "--json", status=DRIFTED))
    assert report["rows"] == {"reference": 1000, "current": answered}
    assert [name for name, each in report["features"].items() if each["drift"]] == ["AGE"]
    servers.trilog("traces", "--once")
    found = servers.jaeger.traces("scoring", operation="POST /predict")
    assert {each["traceID"] for each in found} == {_trace(json.loads(each)) for each in exported}
    slow = servers.jaeger.traces("scoring", minDuration="2s")
    assert len(slow) == sum(json.loads(each)["execution_time_ms"] > 2000 for each in exported) > 5


def counted(samples: list[dict[str, Any]]) -> dict[str, int]:
    return {each["metric"]["status"]: int(each["value"][1]) for each in samples}


def _trace(document: dict[str, Any]) -> str:
    """Return the trace's id: the transactions' are UUIDs."""
    return str(document["transaction_id"]).replace("-", "")


def sent(slack: Web, name: str) -> list[dict[str, Any]]:
    """Return what Slack was told of an alert."""
    return [body for body in slack.at("/slack") if f"/{name}.md" in str(body)]
