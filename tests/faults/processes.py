"""Processes of the pipeline that start fast, and are killed in the midst of their work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
_BYTECODE = TemporaryDirectory(prefix="trilog-bytecode-")  # without bytecode, processes start slowly
_LONGEST = 60  # seconds that a process may take


@contextmanager
def started(command: Sequence[str], folder: Path = ROOT, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python with a command line; when the block ends, so does the process."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**inherited, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": _BYTECODE.name, **settings}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, *command], cwd=folder, env=environment, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


class Worker:
    """A function, waiting for its event."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, event: object) -> None:
        """Hand over the event once the process is ready."""
        assert self._process.stdout.readline() == "ready\n", self._process.stderr.read()
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()

    def kill(self) -> Any:
        """Kill it with SIGKILL; return its answer, or None if it had none yet."""
        self._process.kill()
        return self._answer(self._process.communicate(timeout=_LONGEST)[0])

    def finish(self) -> Any:
        """Wait for its answer; None if it failed."""
        out, error = self._process.communicate(timeout=_LONGEST)
        assert self._process.returncode == 0 or "TransientError" in error, error
        return self._answer(out)

    def _answer(self, out: str) -> Any:
        *_, last = out.splitlines() or [""]
        return json.loads(last)["answer"] if last.startswith('{"answer"') and last.endswith("}") else None


@contextmanager
def worker(name: str) -> Iterator[Worker]:
    """Start a function, "collector" or "indexer", configured by the environment."""
    with started(["-m", "tests.faults.worker", name]) as process:
        yield Worker(process)
