"""What a scrape of the metrics takes: `python -m tests.bench.metrics`; exits 1 beyond the limit."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from urllib.request import urlopen

from functions.metrics.exposition import Exposition, server
from functions.metrics.ledger import Ledger
from functions.metrics.samples import added_by, connector_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.metrics.projection import Metrics
    from functions.metrics.samples import Key

LIMIT_MS = 50
SERIES = 10_000
_ROUNDS = 20


def main() -> int:
    """Print how many series a scrape has, and the median of its time."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder, "metrics.sqlite"), "bench") as ledger:
        ledger.add("a batch", _many(ledger))
        projection = cast("Metrics", SimpleNamespace(ledger=ledger, waiting=0, last_success=1.0))
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


def _many(ledger: Ledger) -> Iterator[tuple[Key, float]]:
    """Yield what runs of so many sources and objects add that there are enough series."""
    for number in range(225):
        run = {
            "@timestamp": "2025-09-05T16:45:26.191702Z",
            "etat": "SUCCESS",
            "objet": {"name": f"object {number % 15}"},
            "labels": {"source": f"source {number // 15}", "zone": "1-Raw", "entreprise": "acme"},
            "metrics": {"is_failed": 0},
            "performance": {"duree_secondes": 0.5 + number, "cpu_time_sec": 0.1, "memory_used_bytes": 1e6 * number},
        }
        yield from added_by(run, connector_of(run, ledger.bounded), ledger.bounded)


if __name__ == "__main__":
    sys.exit(main())
