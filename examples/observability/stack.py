"""Kafka, Prometheus, Alertmanager and Loki on this machine, and what Trilog runs between them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from observability.servers import Server

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator


class Stack:
    """The servers and the programs between them; a context manager that stops what it has started."""

    def __init__(self, ports: Namespace, folder: Path) -> None:
        """Take the ports of 127.0.0.1, and a folder for all that is stored."""
        self._folder, self._stack = folder, ExitStack()
        self.kafka, self.loki = Server("kafka", ports.kafka), Server("loki", ports.loki)
        self.prometheus = Server("prometheus", ports.prometheus)
        self.alertmanager = Server("alertmanager", ports.alertmanager)
        self.metrics = ports.metrics
        self._programs: list[tuple[subprocess.Popen[bytes], Path]] = []
        self._settings = {
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ports.kafka}",
            "KAFKA_GROUP_ID": "ingestion-consumer-group",
            "LOKI_URL": address(ports.loki),
            "METRICS_INTERVAL": "1",
            "METRICS_PORT": str(ports.metrics),
            "PIPELINE_DATA": str(folder / "data"),
        }

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl+C must not leave a server behind
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        variables = {
            "METRICS_ADDRESS": f"127.0.0.1:{self.metrics}",
            "ALERTMANAGER_ADDRESS": f"127.0.0.1:{self.alertmanager.port}",
            "SCRAPE_INTERVAL": "2s",
        }
        servers = self.kafka, self.loki, self.alertmanager, self.prometheus
        for each in servers:
            each.install()
        for each in servers:
            stack.enter_context(each.running(self._folder / each.name, **variables))
        for arguments in (("--continuous", "--interval", "1", "--source", self.topic), ("metrics",), ("loki",)):
            stack.enter_context(self._program(*arguments))

    @property
    def topic(self) -> str:
        """Where the runs are produced."""
        return f"kafka://127.0.0.1:{self.kafka.port}/ingestion-logs"

    @contextmanager
    def _program(self, *arguments: str) -> Iterator[None]:
        """Run a command of trilog until the block ends."""
        path = self._folder / f"{arguments[0].strip('-')}.log"
        log = path.open("w")
        command = self._command(*arguments)
        with log, subprocess.Popen(command, stdout=log, stderr=log, **self._where) as process:  # noqa: S603 (our own)
            self._programs.append((process, path))
            try:
                yield
            finally:
                process.terminate()
                process.wait()

    def ended(self) -> str:
        """Return what a program said that has ended, though it should not; nothing when all go on."""
        return "".join(log.read_text() for process, log in self._programs if process.poll() is not None)

    def produce(self, file: Path) -> None:
        """Send the rows of a file."""
        command = self._command("produce", str(file))
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._where)  # noqa: S603 (our own)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "functions", *arguments]

    @property
    def _where(self) -> dict[str, Any]:
        inherited = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        return {"cwd": self._folder, "env": inherited | self._settings}


def address(port: int) -> str:
    """Return the address of a server of this machine."""
    return f"http://127.0.0.1:{port}"
