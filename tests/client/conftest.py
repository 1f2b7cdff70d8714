"""What the tests of the client share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.server import TOKEN, Ingest, serving
from trilog_client import Client, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "clients" / "python" / "src"
QUICK = {"interval": 0.05, "longest_pause": 0.1, "timeout": 5.0}


@pytest.fixture
def server() -> Iterator[Ingest]:
    with serving() as running:
        yield running


@pytest.fixture
def client(make: Callable[..., Client]) -> Client:
    return make()


@pytest.fixture
def sent(server: Ingest, client: Client) -> Callable[[], list[dict[str, Any]]]:
    """Return what the server has, once all is sent."""

    def _sent() -> list[dict[str, Any]]:
        assert client.flush(10)
        return server.records()

    return _sent


@pytest.fixture
def make(server: Ingest) -> Iterator[Callable[..., Client]]:
    """Make clients of that server, which are closed at the end."""
    made: list[Client] = []

    def _make(url: str = server.url, spool: Path | str = "", **limits: float) -> Client:
        made.append(Client(url, TOKEN, str(spool), Limits(**{**QUICK, **limits})))
        return made[-1]

    yield _make
    for client in made:
        client.close(0.1)


@pytest.fixture
def start(server: Ingest, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start programs that use the client, which are ended at the end."""
    started: list[subprocess.Popen[str]] = []

    def _start(program: str, **variables: str) -> subprocess.Popen[str]:
        given = {"TRILOG_URL": server.url, "TRILOG_TOKEN": TOKEN, **variables}
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), **given}
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", program],
                env=environment,
                cwd=tmp_path,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield _start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that it forked
        process.communicate()


@pytest.fixture
def run(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., tuple[str, str]]:
    """Run a program to its end, which must be a good one, and return what it prints and complains."""

    def _run(program: str, **variables: str) -> tuple[str, str]:
        process = start(program, **variables)
        printed, complained = process.communicate(timeout=60)
        assert process.returncode == 0, complained
        return printed, complained

    return _run
