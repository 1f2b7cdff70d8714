"""Run the example Space in a process of its own, on a free port."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_APP = Path(__file__).parent / "app.py"
_READY = "Space ready on "
_START_SECONDS = 60
_STOP_SECONDS = 5


class Running(NamedTuple):
    """A Space that runs: where, and as what process."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def running(*flags: str) -> Iterator[Running]:
    """Run a Space with the flags of app.py until the block ends."""
    command = [sys.executable, str(_APP), "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own program)
        try:
            yield Running(_address(process), process)
        finally:
            _stop(process)


def _address(process: subprocess.Popen[str]) -> str:
    deadline = threading.Timer(_START_SECONDS, process.kill)
    deadline.start()
    line = process.stdout.readline() if process.stdout else ""
    deadline.cancel()
    if not line.startswith(_READY):
        raise RuntimeError(f"{_APP} did not say within {_START_SECONDS} s that it is ready, but {line!r}; see stderr")
    return line.removeprefix(_READY).strip()


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
