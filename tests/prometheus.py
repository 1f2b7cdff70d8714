"""A real Prometheus and a real Alertmanager for tests: Debian's packages, on free ports with data of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.scripts import free_port, install, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_S = TypeVar("_S", bound="Server")
ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "infra" / "prometheus" / "server" / "prometheus.sh"
ALERTMANAGER = ROOT / "infra" / "alertmanager" / "server" / "alertmanager.sh"
PROMETHEUS_HOME = ROOT / ".tools" / "prometheus"
ALERTMANAGER_HOME = ROOT / ".tools" / "alertmanager"


class Server:
    """A server that runs, and can be killed and started again on the same port with the same data."""

    def __init__(self, script: Path, home: Path, data: Path) -> None:
        self.port, self._script, self._home, self._data = free_port(), script, home, data
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; return when it answers."""
        run(self._script, "start-background", self._home, self.port, self._data)

    def stop(self) -> None:
        """Stop it as an operator does."""
        run(self._script, "stop", self._home, self.port)

    def kill(self) -> None:
        """Kill it with SIGKILL; return when its port is free."""
        os.kill(int((self._home / "run" / f"{self.port}.pid").read_text()), signal.SIGKILL)
        ends = time.monotonic() + 30
        while self._listens():
            assert time.monotonic() < ends
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


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
    with _folder(variables) as folder:
        install(PROMETHEUS, PROMETHEUS_HOME)
        with _running(Prometheus(PROMETHEUS, PROMETHEUS_HOME, folder)) as prometheus:
            yield prometheus


@contextmanager
def start_alertmanager(**variables: str) -> Iterator[str]:
    """Run an Alertmanager and yield its host and port; likewise."""
    with _folder(variables) as folder:
        install(ALERTMANAGER, ALERTMANAGER_HOME)
        with _running(Server(ALERTMANAGER, ALERTMANAGER_HOME, folder)) as alertmanager:
            yield f"127.0.0.1:{alertmanager.port}"


@contextmanager
def _folder(variables: dict[str, str]) -> Iterator[Path]:
    """Make a folder for data, and set variables, until the block ends."""
    with TemporaryDirectory(prefix="trilog-prometheus-") as folder, pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        yield Path(folder)


@contextmanager
def _running(server: _S) -> Iterator[_S]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


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
