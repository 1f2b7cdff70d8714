"""Fresh processes: those that are measured, and the servers that they talk to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]


def measured(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of `tests.bench.measured` in a fresh interpreter; return the figures that it tells."""
    return told([sys.executable, "-m", f"tests.bench.measured.{module}", *map(str, arguments)], python_environment())


def told(command: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Run a program; return the JSON in the last line that it prints."""
    done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


class Taken(NamedTuple):
    """What a command took, and what it printed. Memory is the most that it had, in MB (1024 * 1024 bytes)."""

    seconds: float
    cpu: float
    megabytes: float
    printed: str


def taken(command: list[str], environment: Mapping[str, str], folder: Path = ROOT) -> Taken:
    """Run a program to its end; return what that took. Raise `CalledProcessError` if it fails."""
    runner = [sys.executable, str(Path(__file__).parent / "measured" / "command.py")]
    done = subprocess.run(
        [*runner, *command], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    printed, _, figures = done.stdout.rstrip("\n").rpartition("\n")
    return Taken(*json.loads(figures).values(), printed)


def cost(command: list[str], environment: Mapping[str, str]) -> dict[str, float]:
    """Run a program; return the CPU time (user and system) and the time from its start to its end, in ms."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    cpu_s = ended(process)
    wall_s = time.perf_counter() - begun
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return {"cpu_ms": round(cpu_s * 1000, 1), "wall_ms": round(wall_s * 1000, 1)}


def ended(process: subprocess.Popen[Any]) -> float:
    """Wait for a process; return the CPU time that it took, in seconds."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def serving(module: str, *arguments: object) -> Iterator[Server]:
    """Run a server of this folder."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    process = subprocess.Popen(command, env=python_environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield Server(process, int(process.stdout.readline()))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.communicate()


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def reset(self) -> None:
        """Begin to count anew."""
        self._ask("_reset")

    def counts(self) -> dict[str, Any]:
        """Return what it has counted."""
        return self._ask("_counts")

    def stop(self) -> dict[str, Any]:
        """End it; return what it tells at its end."""
        self._process.send_signal(signal.SIGTERM)
        return json.loads(self._process.communicate()[0])

    def _ask(self, what: str) -> dict[str, Any]:
        return json.loads(ask(f"{self.url}/{what}"))


def ask(url: str, method: str = "GET") -> bytes:
    """Ask a server on this machine, whatever proxy there is to others."""
    with build_opener(ProxyHandler({})).open(Request(url, method=method)) as answer:  # noqa: S310 (a server of ours)
        return answer.read()


def python_environment() -> dict[str, str]:
    """Return the environment of Python programs here: with bytecode, so that imports cost what they usually do."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "JAVA_HOME"}}
    return {**kept, "PYTHONPATH": str(ROOT)}
