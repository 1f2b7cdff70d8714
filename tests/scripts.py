"""Scripts of infra/ that install, start and stop a server; and a port for it."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
