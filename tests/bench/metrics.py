"""What a scrape of the metrics takes: `python -m tests.bench.metrics`; exits 1 beyond the limit."""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from urllib.request import urlopen

import orjson

from functions.metrics.exposition import Exposition, server
from functions.metrics.ledger import Ledger
from functions.metrics.metric import add
from functions.metrics.subjects import SUBJECTS
from functions.pipeline.documents import LOGS
from functions.pipeline.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.metrics.metric import Key
    from functions.metrics.projection import Metrics

LIMIT_MS = 50
SERIES = 10_000
_ROUNDS = 20


def main() -> int:
    """Print how many series a scrape has, and the median of its time."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder, "metrics.sqlite"), "bench") as ledger:
        ledger.add("a batch", _many(ledger))
        numbers = SimpleNamespace(store=Store("memory://"), ledger=ledger, waiting=0, last_success=1.0)
        projection = cast("Metrics", numbers)
        with server(Exposition(projection), "127.0.0.1", 0) as listening:
            Thread(target=listening.serve_forever, daemon=True).start()
            text, times = _scraped(f"http://127.0.0.1:{listening.server_address[1]}/metrics")
            listening.shutdown()
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    median = sorted(times)[_ROUNDS // 2]
    sys.stdout.write(f"a scrape of {series} series: {median:.1f} ms (limit {LIMIT_MS})\n")
    return int(median > LIMIT_MS or series < SERIES)


def _scraped(address: str) -> tuple[bytes, list[float]]:
    """Scrape some times; return what came, and the milliseconds of each."""
    times, text = [], b""
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        with urlopen(address, timeout=10) as answer:  # noqa: S310 (our own address)
            text = answer.read()
        times.append((time.perf_counter() - begun) * 1000)
    return text, times


def _many(ledger: Ledger) -> dict[Key, float]:
    """Return what runs of so many sources and objects add, and requests of all routes and methods, in five statuses."""
    numbers: dict[Key, float] = {}
    for subject in SUBJECTS:
        counting = subject(ledger, "a batch")
        for document in map(orjson.dumps, _DOCUMENTS[subject.kind]()):
            add(numbers, counting.added_by(document))
    return numbers


def _runs() -> Iterator[dict[str, object]]:
    for number in range(225):
        yield {
            "@timestamp": "2025-09-05T16:45:26.191702Z",
            "etat": "SUCCESS",
            "objet": {"name": f"object {number % 15}"},
            "labels": {"source": f"source {number // 15}", "zone": "1-Raw", "entreprise": "acme"},
            "metrics": {"is_failed": 0},
            "performance": {"duree_secondes": 0.5 + number, "cpu_time_sec": 0.1, "memory_used_bytes": 1e6 * number},
        }


def _requests() -> Iterator[dict[str, object]]:
    """Yield requests of more routes than are counted apart."""
    for route, method, status in product(range(250), ("GET", "POST"), (200, 307, 404, 422, 500)):
        request = {"http_method": method, "http_path": f"/route-{route}/predict", "status_code": status}
        yield {"message": "request", "execution_time_ms": route, **request}


_DOCUMENTS = {"ingestion_run": _runs, LOGS: _requests}


if __name__ == "__main__":
    sys.exit(main())
