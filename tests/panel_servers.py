"""A real Prometheus and a real Loki for tests of the dashboards, on free ports and with data of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LOKI_CONFIG = ROOT / "infra" / "observability" / "loki.yml"
_SECONDS = 60


@contextmanager
def start_prometheus(folder: Path, target: str) -> Iterator[str]:
    """Run a Prometheus that scrapes a target (host:port) each second; yield its address."""
    program = shutil.which("prometheus") or pytest.skip("needs prometheus (Debian: prometheus)")
    jobs = [{"job_name": "ingestion-consumer", "static_configs": [{"targets": [target]}]}]
    config = folder / "prometheus.yml"
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))  # JSON is YAML
    url = f"http://127.0.0.1:{free_port()}"
    listen = f"--web.listen-address={url.removeprefix('http://')}"
    command = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'prometheus'}", listen]
    with _running(command, folder / "prometheus.log", f"{url}/-/ready"):
        yield url


@contextmanager
def start_loki(folder: Path) -> Iterator[str]:
    """Run a Loki with the configuration that Compose mounts; yield its address."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "trilog"
    programs = [shutil.which("loki"), *sorted(map(str, cache.glob("loki-*/loki")))]
    program = next(filter(None, programs), None) or pytest.skip("needs loki")
    port = free_port()
    options = {"server.http-listen-address": "127.0.0.1", "server.http-listen-port": port}
    options |= {"server.grpc-listen-address": "127.0.0.1", "server.grpc-listen-port": free_port()}
    options |= {"common.path-prefix": folder / "loki", "local.chunk-directory": folder / "loki" / "chunks"}
    options |= {"memberlist.bind-addr": "127.0.0.1", "memberlist.bind-port": free_port()}
    options |= {"ingester.min-ready-duration": "0s", "frontend.scheduler-dns-lookup-period": "200ms"}
    options |= {"common.storage.ring.instance-addr": "127.0.0.1", "frontend.instance-addr": "127.0.0.1"}
    command = [program, f"-config.file={LOKI_CONFIG}", *(f"-{name}={value}" for name, value in options.items())]
    with _running(command, folder / "loki.log", f"http://127.0.0.1:{port}/ready"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], log: Path, ready: str) -> Iterator[None]:
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _wait(process, log, ready)
            yield
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _wait(process: subprocess.Popen[bytes], log: Path, ready: str) -> None:
    ends = time.monotonic() + _SECONDS
    while not _answers(ready):
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < ends, log.read_text()[-3000:]
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 (our own address)
            return answer.status == 200
    except URLError:
        return False


def post(url: str, body: Any = None) -> None:
    """Send JSON to a server."""
    content = b"" if body is None else json.dumps(body).encode()
    with urlopen(Request(url, content, {"Content-Type": "application/json"}), timeout=30) as answer:  # noqa: S310
        assert answer.status in {200, 204}
