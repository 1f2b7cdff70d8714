"""A real Prometheus and a real Alertmanager for tests: Debian's packages, on free ports with data of their own."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.scripts import Server, install, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "infra" / "prometheus" / "server" / "prometheus.sh"
ALERTMANAGER = ROOT / "infra" / "alertmanager" / "server" / "alertmanager.sh"
PROMETHEUS_HOME = ROOT / ".tools" / "prometheus"
ALERTMANAGER_HOME = ROOT / ".tools" / "alertmanager"


class Prometheus(Server):
    """A Prometheus."""

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples that an expression has now."""
        found: list[dict[str, Any]] = self._get("query", query=expression)["result"]
        return found

    def firing(self) -> list[dict[str, str]]:
        """Return the labels of the alerts that fire."""
        return [each["labels"] for each in self._get("alerts")["alerts"] if each["state"] == "firing"]

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        with urlopen(f"{self.address}/api/v1/{path}?{urlencode(query)}", timeout=10) as answer:  # noqa: S310 (our own)
            found: dict[str, Any] = json.load(answer)["data"]
        return found


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run promtool; return how that went."""
    install(PROMETHEUS, PROMETHEUS_HOME)
    command = [PROMETHEUS, "run", PROMETHEUS_HOME, "promtool", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@contextmanager
def start_prometheus(**variables: str) -> Iterator[Prometheus]:
    """Run a Prometheus and yield it; `variables` are those of its script. Where there is none, skip the test."""
    install(PROMETHEUS, PROMETHEUS_HOME)
    with (
        TemporaryDirectory(prefix="trilog-prometheus-") as folder,
        running(Prometheus(PROMETHEUS, PROMETHEUS_HOME, Path(folder), **variables)) as prometheus,
    ):
        yield prometheus


@contextmanager
def start_alertmanager(**variables: str) -> Iterator[str]:
    """Run an Alertmanager and yield its host and port; likewise."""
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    with (
        TemporaryDirectory(prefix="trilog-alertmanager-") as folder,
        running(Server(ALERTMANAGER, ALERTMANAGER_HOME, Path(folder), **variables)) as alertmanager,
    ):
        yield f"127.0.0.1:{alertmanager.port}"


class _Receiver(BaseHTTPRequestHandler):
    received: SimpleQueue[dict[str, Any]]

    def do_POST(self) -> None:
        self.received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def webhook() -> Iterator[tuple[str, SimpleQueue[dict[str, Any]]]]:
    """Run what Alertmanager notifies; yield its address, and what it received."""
    received: SimpleQueue[dict[str, Any]] = SimpleQueue()
    handler = type("Receiver", (_Receiver,), {"received": received})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/alerts", received
        server.shutdown()
