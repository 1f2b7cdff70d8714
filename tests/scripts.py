"""Scripts of infra/ that install, start and stop a server; and a port for it."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_LACKING = 3  # a script's exit code where the machine has not what its server runs on


def run(script: Path, action: str, *arguments: object) -> None:
    """Run a script; where something is lacking, skip the test, or fail it if TRILOG_REQUIRE_ALL=1."""
    command = [script, action, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == _LACKING and os.environ.get("TRILOG_REQUIRE_ALL") != "1":
        pytest.skip(done.stderr.strip())
    if done.returncode:
        pytest.fail(f"{script.name} {action}: {done.stderr}", pytrace=False)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
