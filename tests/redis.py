"""A real Redis for tests, on a free port, with nothing in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 20
_NEEDED = "needs Redis: apt-get install redis-server, or brew install redis"


@contextmanager
def start_redis(*options: str, password: str | None = None) -> Iterator[tuple[int, Any]]:
    """Run a server and yield its port and a client; without one on PATH, skip, or fail if TRILOG_REQUIRE_ALL=1."""
    program = shutil.which("redis-server")
    if program is None and os.environ.get("TRILOG_REQUIRE_ALL") == "1":
        pytest.fail(_NEEDED, pytrace=False)
    if program is None:
        pytest.skip(_NEEDED)
    port = free_port()
    with TemporaryDirectory(prefix="trilog-redis-") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", *options]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            client = redis.Redis(port=port, password=password)
            try:
                _wait(client)
                yield port, client
            finally:
                client.close()
                server.terminate()


def _wait(client: redis.Redis) -> None:
    ends = time.monotonic() + _START_SECONDS
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
        else:
            return
