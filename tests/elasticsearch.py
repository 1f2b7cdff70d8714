"""A real Elasticsearch for tests: installed once into .tools, started on a free port with data of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_SCRIPT = _ROOT / "infra" / "elasticsearch" / "server" / "elasticsearch.sh"
_HOME = _ROOT / ".tools" / "elasticsearch"
_NO_JDK_OR_MAVEN = 3
_START_SECONDS = 90
_STOP_SECONDS = 20


@contextmanager
def start_elasticsearch() -> Iterator[str]:
    """Run a server and yield its address; skip the test where there is no JDK or no Maven, unless TRILOG_REQUIRE_ALL=1."""
    _install()
    with TemporaryDirectory(prefix="trilog-elasticsearch-") as data:
        url = f"http://127.0.0.1:{_free_port()}"
        log = Path(data, "server.log")
        with log.open("wb") as output:
            command = [_SCRIPT, "start", _HOME, url.rpartition(":")[2], data]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _install() -> None:
    done = subprocess.run([_SCRIPT, "install", _HOME], capture_output=True, text=True, check=False)
    if done.returncode == _NO_JDK_OR_MAVEN and os.environ.get("TRILOG_REQUIRE_ALL") != "1":
        pytest.skip(done.stderr.strip())
    if done.returncode:
        _fail(done.stdout + done.stderr)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(url, timeout=2).close()  # noqa: S310 (our own server's address)
        except OSError:
            time.sleep(0.1)
        else:
            return
    _fail(f"Elasticsearch does not answer at {url}:\n{log.read_text(errors='replace')[-2000:]}")


def _fail(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)
