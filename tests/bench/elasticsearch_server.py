"""The same against the real Elasticsearch, which is what the indexer waits for there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.packages import MissingError
from tests.bench.processes import ROOT, ask, measured, serving

if TYPE_CHECKING:
    from tests.bench.inputs import Inputs

_WARM_UP = 20_000  # lines, for the server's compiler
_INDEXES = ("bench-lines", "ml-api-logs", "ml-api-message", "ml-api-perfs", "ml-api-top-func")
_MEASURED = {"baseline": "baseline", "gz": "ours"}


def elasticsearch(inputs: Inputs, count: int) -> dict[str, Any]:
    """Measure the baseline and ours, each into empty indexes.

    Raises:
        MissingError: this machine has not what the server needs.
    """
    import pytest

    from tests.elasticsearch import start_elasticsearch

    try:
        with start_elasticsearch() as url:
            rows = {row: _row(row, url, inputs, count) for row in _MEASURED}
            return {"lines": count, "version": json.loads(ask(url))["version"]["number"], **rows}
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        raise MissingError(str(error)) from error


def _row(row: str, url: str, inputs: Inputs, count: int) -> dict[str, Any]:
    _measure(row, url, inputs, min(count, _WARM_UP))
    port = int(url.rpartition(":")[2])
    server_cpu = _server_cpu(port)
    with serving("relay", port) as relay:
        figures = _measure(row, relay.url, inputs, count)
        busy = relay.stop()
    return {**figures, **busy, "server_cpu_s": round(_server_cpu(port) - server_cpu, 2)}


def _measure(row: str, url: str, inputs: Inputs, count: int) -> dict[str, Any]:
    for index in _INDEXES:
        ask(f"{url}/{index}?ignore_unavailable=true", "DELETE")
    if row == "baseline":
        return measured("baseline", inputs.folder / inputs.plain(count), url)
    return measured("ours", f"file://{inputs.folder}", inputs.compressed(count), url)


def _server_cpu(port: int) -> float:
    """Return the CPU time that the server has taken, in seconds."""
    pid = _pid_file(port).read_text().strip()
    status = Path(f"/proc/{pid}/stat")
    if status.exists():  # ps has it here too, but in whole seconds
        user, system = status.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    minutes, seconds = subprocess.run(
        ["ps", "-o", "time=", "-p", pid], capture_output=True, text=True, check=True
    ).stdout.split(":")
    return int(minutes) * 60 + float(seconds)


def _pid_file(port: int) -> Path:
    return ROOT / ".tools" / "elasticsearch" / "run" / f"{port}.pid"
