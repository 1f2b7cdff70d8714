"""A real LocalStack for tests, without Docker: installed once into .tools, started on a free port, empty."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_SCRIPT = _ROOT / "infra" / "localstack" / "localstack.sh"
_HOME = _ROOT / ".tools" / "localstack"
_NO_PYTHON = 3

LAMBDA_PYTHON = _HOME / "functions" / "bin" / "python"


def install_localstack() -> None:
    """Install it; without a Python that it runs on, skip the test, or fail it if TRILOG_REQUIRE_ALL=1."""
    _run("install", _HOME)


@contextmanager
def start_localstack() -> Iterator[str]:
    """Run a LocalStack and yield its address; install it first."""
    install_localstack()
    port = _free_port()
    _run("start-background", _HOME, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        _run("stop", _HOME, port)


def lambda_runtime() -> str:
    """Name the runtime that functions have to be packaged for, such as python3.13."""
    command = [LAMBDA_PYTHON, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _run(action: str, *arguments: object) -> None:
    command = [_SCRIPT, action, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == _NO_PYTHON and os.environ.get("TRILOG_REQUIRE_ALL") != "1":
        pytest.skip(done.stderr.strip())
    if done.returncode:
        pytest.fail(f"localstack.sh {action}: {done.stderr}", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
