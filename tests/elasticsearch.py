"""A real Elasticsearch for tests: installed once into .tools, started on a free port with data of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_SCRIPT = _ROOT / "infra" / "elasticsearch" / "server" / "elasticsearch.sh"
_HOME = _ROOT / ".tools" / "elasticsearch"
_NO_JDK_OR_MAVEN = 3


@contextmanager
def start_elasticsearch() -> Iterator[str]:
    """Run a server and yield its address; without a JDK or Maven, skip the test, or fail it if TRILOG_REQUIRE_ALL=1."""
    _run("install", _HOME)
    port = _free_port()
    with TemporaryDirectory(prefix="trilog-elasticsearch-") as data:
        _run("start-background", _HOME, port, data)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            _run("stop", _HOME, port)


def _run(action: str, *arguments: object) -> None:
    command = [_SCRIPT, action, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == _NO_JDK_OR_MAVEN and os.environ.get("TRILOG_REQUIRE_ALL") != "1":
        pytest.skip(done.stderr.strip())
    if done.returncode:
        pytest.fail(f"elasticsearch.sh {action}: {done.stderr}", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
