"""A real LocalStack for tests, without Docker: installed once into .tools, started on a free port, empty."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.scripts import free_port, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_SCRIPT = _ROOT / "infra" / "localstack" / "localstack.sh"
_HOME = _ROOT / ".tools" / "localstack"

LAMBDA_PYTHON = _HOME / "functions" / "bin" / "python"


def install_localstack() -> None:
    """Install it; without a Python that it runs on, skip the test, or fail it if TRILOG_REQUIRE_ALL=1."""
    run(_SCRIPT, "install", _HOME)


@contextmanager
def start_localstack() -> Iterator[str]:
    """Run a LocalStack and yield its address; install it first."""
    install_localstack()
    port = free_port()
    run(_SCRIPT, "start-background", _HOME, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        run(_SCRIPT, "stop", _HOME, port)


def lambda_runtime() -> str:
    """Name the runtime that functions have to be packaged for, such as python3.13."""
    command = [LAMBDA_PYTHON, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
