"""The example of a FastAPI application for tests: installed as its README says, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.client.environments import environment, install
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "fastapi"
PATIENT = json.loads((EXAMPLE / "patient.json").read_text())


def installed(folder: Path) -> Path:
    """Install what the example needs into a folder; return the Python that has it."""
    made = environment(folder / "venv", sys.executable)
    install(made, "--require-hashes", "--no-deps", "-r", EXAMPLE / "requirements.lock")
    return made


@contextmanager
def start_scoring(python: Path, log: Path) -> Iterator[str]:
    """Run the application, what it prints in a file; yield its host and port. It is slow, and fails, when asked to."""
    address = f"127.0.0.1:{free_port()}"
    command = [python.with_name("uvicorn"), "app:app", "--app-dir", EXAMPLE, "--port", address.rpartition(":")[2]]
    variables = {"PATH": os.environ["PATH"], "SCORING_FAULTS": "1"}
    with (
        log.open("w") as file,
        subprocess.Popen(command, env=variables, stdout=file, stderr=subprocess.STDOUT) as process,
    ):
        try:
            ends = time.monotonic() + 60
            while not _answers(address):
                assert time.monotonic() < ends, log.read_text()
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def predicted(address: str, query: str = "", patient: object = PATIENT) -> int:
    """Ask for a prediction; return the status of the answer."""
    return status(f"http://{address}/predict{query}", json.dumps(patient).encode())


def status(url: str, body: bytes | None = None) -> int:
    """Ask for something; return the status of the answer."""
    asked = Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 (our own address)
    try:
        with urlopen(asked, timeout=30) as answer:  # noqa: S310 (likewise)
            return int(answer.status)
    except HTTPError as error:
        return error.code


def _answers(address: str) -> bool:
    try:
        return status(f"http://{address}/health") == 200
    except OSError:
        return False
