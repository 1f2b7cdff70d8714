"""An application that gunicorn loads before it forks its workers sends from all of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.client.server import TOKEN, Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.client.server import Ingest

ROOT = Path(__file__).parents[2]
APPLICATION = """
import logging, os
from trilog_client import TrilogHandler, send_log_to_elastic

logging.getLogger().addHandler(TrilogHandler())
send_log_to_elastic({"message": "loaded"})

def application(environ, start_response):
    logging.getLogger("app").warning("request", extra={"n": int(environ["PATH_INFO"][1:])})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


@contextmanager
def gunicorn(folder: Path, **variables: str) -> Iterator[str]:
    """Run the application; yield its URL."""
    (folder / "app.py").write_text(APPLICATION)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", f"--bind={address}", "app:application"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "clients/python/src"), **variables}
    with subprocess.Popen([*command, "--no-control-socket"], cwd=folder, env=environment) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def asked(url: str, number: int) -> int:
    """Send a request; return which worker answered."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            return int(httpx.get(f"{url}/{number}", trust_env=False).text)
        time.sleep(0.1)
    raise AssertionError("gunicorn does not answer")


def requests(server: Ingest) -> list[int]:
    return sorted(record["n"] for record in server.records() if "n" in record)


def test_each_worker_sends_what_is_its_own_once(server: Ingest, tmp_path: Path):
    with gunicorn(tmp_path, TRILOG_URL=server.url, TRILOG_TOKEN=TOKEN) as url:
        workers = {asked(url, number) for number in range(60)}
    assert len(workers) == 2
    assert requests(server) == list(range(60))
    assert [record["message"] for record in server.records()].count("loaded") == 1


def test_what_a_killed_worker_had_is_sent_by_the_one_that_takes_its_place(server: Ingest, tmp_path: Path):
    server.always = Answer(503)
    spool = {"TRILOG_SPOOL": str(tmp_path / "spool")}
    with gunicorn(tmp_path, TRILOG_URL=server.url, TRILOG_TOKEN=TOKEN, **spool) as url:
        workers = {asked(url, number) for number in range(40)}
        time.sleep(0.5)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        server.always = Answer()
        replaced = {asked(url, number) for number in range(40, 80)}
    assert not workers & replaced
    assert requests(server) == list(range(80))
