"""How fast lines are indexed, and what it takes: the baseline, rsyslog and ours, against the fake Elasticsearch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.logs import OTHERS
from tests.bench.processes import measured, serving
from tests.bench.rsyslog import rsyslog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.bench.inputs import Inputs
from tests.bench.processes import Server

ROUNDS = 3
_OURS = ("gz", "plain", "json", *OTHERS)
ROWS = ("baseline", *_OURS, "rsyslog")


def throughput(inputs: Inputs, count: int, rows: Iterable[str]) -> dict[str, Any]:
    """Measure the named rows, turn and turn about, for a busy moment of the machine not to meet one of them alone."""
    runs: dict[str, list[dict[str, Any]]] = {row: [] for row in rows}
    with serving("fake_elasticsearch") as server:
        for number in range(ROUNDS):
            for row, done in runs.items():
                if row != "rsyslog" or not number:  # it is there to compare with: once is enough
                    done.append(counted(server, lambda row=row: _measure(row, inputs, count, server)))
    return {row: best(done) for row, done in runs.items()}


def counted(server: Server, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Measure a run, and add what the server counted meanwhile; it must be what the run says that it sent."""
    server.reset()
    figures = measure()
    counts = server.counts()
    if figures.get("documents", counts["documents"]) != counts["documents"]:
        raise SystemExit(f"{figures['documents']} documents were sent, but {counts['documents']} arrived")
    return {**figures, "server_cpu_s": round(counts["cpu_s"], 3), "wire_bytes": counts["wire_bytes"]}


def best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Take of several runs the least time, and the most memory."""
    least = min(runs, key=lambda run: run.get("cpu_s", 0))
    if "missing" in least:
        return least
    return {
        **least,
        "wall_s": min(run["wall_s"] for run in runs),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "runs": [{name: run[name] for name in ("cpu_s", "wall_s", "peak_mb")} for run in runs],
    }


def _measure(row: str, inputs: Inputs, count: int, server: Server) -> dict[str, Any]:
    if row == "baseline":
        return measured("baseline", inputs.folder / inputs.plain(count), server.url)
    if row == "rsyslog":
        return rsyslog(inputs.folder / inputs.plain(count), count, server)
    made = {"gz": inputs.compressed, "plain": inputs.plain, "json": inputs.entries}
    key = inputs.other(count, row) if row in OTHERS else made[row](count)
    return measured("ours", f"file://{inputs.folder}", key, server.url)
