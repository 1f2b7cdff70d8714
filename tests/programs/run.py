"""Runs a program in an empty folder, in UTC and for a bounded time, and returns what it wrote."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from tests.programs.install import APPS, TOOLS, Installed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.programs.corpus import Sample

_SECONDS = 120


def run(sample: Sample, installed: Installed) -> bytes:
    """Run it and return its standard output and error as one stream, or the file that the sample names."""
    folder = _folder(sample.name)
    output = folder.parent / f"{sample.name}.out"
    port = _free_port()
    command = [part.replace("{port}", str(port)) for part in sample.command]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(sample, installed, port, folder),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _use(sample, process, port, output)
        finally:
            _end(process)
    wrote = (folder / sample.file if sample.file else output).read_bytes()
    return b"".join(wrote.splitlines(keepends=True)[: sample.lines]) if sample.lines else wrote


def _folder(name: str) -> Path:
    """Copy the apps into a new folder, from which every program runs."""
    folder = TOOLS / "run" / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(APPS, folder, ignore=shutil.ignore_patterns("__pycache__", "go", "java"))
    return folder


def _environment(sample: Sample, installed: Installed, port: int, folder: Path) -> dict[str, str]:
    fixed = {
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PORT": str(port),
        "HOME": str(folder),
    }
    return {"PATH": os.environ["PATH"]} | fixed | installed.env | dict(sample.env)


def _use(sample: Sample, process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    if sample.asks:
        _until(lambda: _listens(port), process, sample)
        time.sleep(1)  # its start-up lines are written
        for each in sample.asks:
            _ask(port, each)
    if sample.ready:
        _until(lambda: sample.ready.encode() in output.read_bytes(), process, sample)
    if sample.asks or sample.ready:
        time.sleep(1)
    else:
        process.wait(_SECONDS)


def _until(condition: Callable[[], bool], process: subprocess.Popen[bytes], sample: Sample) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"{sample.name}: not ready; see {TOOLS / 'run' / sample.name}.out")
        time.sleep(0.1)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _ask(port: int, request: str) -> None:
    """Send "METHOD PATH", with "Name: value" lines after it, and a body after an empty line."""
    head, _, body = request.partition("\n\n")
    first, *headers = head.split("\n")
    method, path = first.split(" ", 1)
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body or None, headers=dict(each.split(": ", 1) for each in headers))
    with suppress(OSError):
        connection.getresponse().read()
    connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started, as Ctrl+C does, then without asking."""
    for number, seconds in ((signal.SIGINT, 10), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            break
        os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
