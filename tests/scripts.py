"""Scripts of infra/ that install, start and stop a server; and a port for it."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_S = TypeVar("_S", bound="Server")
_SECONDS = 30  # that a port may be in use after a kill
_LACKING = 3  # a script's exit code where the machine has not what its server runs on


def run(script: Path, action: str, *arguments: object, **variables: str) -> None:
    """Run a script, with variables of its own; where something is lacking, skip the test."""
    command = [script, action, *map(str, arguments)]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    done = subprocess.run(command, **pipes, text=True, env=os.environ | variables, check=False)
    if done.returncode == _LACKING:
        pytest.skip(done.stderr.strip())
    if done.returncode:
        pytest.fail(f"{script.name} {action}: {done.stderr}", pytrace=False)


class Server:
    """A server of a script that runs, and can be killed and started again on the same port with the same data.

    Attributes:
        port: that it listens on, of 127.0.0.1.
        address: where it answers, if it speaks HTTP.
    """

    def __init__(self, script: Path, home: Path, data: Path, port: int = 0, **variables: str) -> None:
        """Take the script, where it installs to, the folder for data, and variables; 0 is any free port."""
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._script, self._home, self._data, self._variables = script, home, data, variables

    def start(self) -> None:
        """Start it; return when it answers."""
        run(self._script, "start-background", self._home, self.port, self._data, **self._variables)

    def stop(self) -> None:
        """Stop it as an operator does."""
        run(self._script, "stop", self._home, self.port)

    def kill(self) -> None:
        """Kill it with SIGKILL; return when its port is free."""
        os.kill(int((self._home / "run" / f"{self.port}.pid").read_text()), signal.SIGKILL)
        ends = time.monotonic() + _SECONDS
        while self._listens():
            assert time.monotonic() < ends
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def running(server: _S) -> Iterator[_S]:
    """Run a server until the block ends."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


def install(script: Path, folder: Path) -> None:
    """Install a script's server into a folder, once: test processes that ask for it meanwhile wait."""
    with alone(folder):
        run(script, "install", folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other process out that asks for the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
