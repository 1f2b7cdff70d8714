"""What Prometheus is told of ingestion runs: the metrics, and what one run adds to them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from functions.metrics.metric import COUNT, HIGHEST, Metric, observed
from functions.metrics.recoveries import FAILED, FAILING_SINCE, RECOVERIES, SUCCESS, Recoveries
from functions.metrics.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.metrics.ledger import Bounded, Ledger
    from functions.metrics.metric import Added

_MIB = 1 << 20
_UNKNOWN = "unknown"
_RUNS = Metric("ingestion_runs_total", "Ingestion runs.", ("source", "etat", "objet", "entreprise", "zone"), "counter")
_FAILURES = Metric("ingestion_failures_total", "Ingestion runs that failed.", ("source", "objet"), "counter")
_LAST_RUN = Metric(
    "ingestion_last_run_timestamp", "When the last run of a source began, in Unix seconds.", ("source",), "gauge"
)
_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_SIZES = tuple(float(size * _MIB) for size in (1, 2, 5, 10, 25, 50, 100, 150, 200, 300, 500, 1000))
_CONNECTOR = ("source", "objet")
_HISTOGRAMS = {
    "duree_secondes": Metric("ingestion_duration_seconds", "How long runs took.", _CONNECTOR, "histogram", _SECONDS),
    "cpu_time_sec": Metric("ingestion_cpu_usage_seconds", "Processor time of runs.", _CONNECTOR, "histogram", _SECONDS),
    "memory_used_bytes": Metric("ingestion_memory_usage_bytes", "Memory of runs.", _CONNECTOR, "histogram", _SIZES),
}
"""By the figures in a run's `performance`."""


class IngestionRuns(Subject):
    """The ingestion runs of a batch."""

    kind = "ingestion_run"
    metrics = (_RUNS, _FAILURES, _LAST_RUN, FAILING_SINCE, RECOVERIES, *_HISTOGRAMS.values())

    def __init__(self, ledger: Ledger, key: str) -> None:
        super().__init__(ledger, key)
        self._bounded, self._recoveries = ledger.bounded, Recoveries(ledger.numbers)

    def added_by(self, body: bytes) -> Iterator[Added]:
        """Yield what a run's document adds."""
        run = orjson.loads(body)
        connector = _connector(run, self._bounded)
        yield from _counted(run, connector, self._bounded)
        yield from self._recoveries.added_by(run, connector)


def _connector(run: dict[str, Any], bounded: Bounded) -> tuple[str, str]:
    """Return the labels of a run's source and object."""
    source = run.get("labels", {}).get("source", _UNKNOWN)
    return bounded("source", source), bounded("objet", run.get("objet", {}).get("name", _UNKNOWN))


def _counted(run: dict[str, Any], connector: tuple[str, str], bounded: Bounded) -> Iterator[Added]:
    labels = run.get("labels", {})
    source, objet = connector
    state = run.get("etat")
    where = (bounded(name, labels.get(name, "")) for name in ("entreprise", "zone"))
    known = state if state in (SUCCESS, FAILED) else _UNKNOWN
    yield (_RUNS.name, COUNT, (source, known, objet, *where)), 1
    yield (_FAILURES.name, COUNT, connector), run.get("metrics", {}).get("is_failed", 0)
    yield (_LAST_RUN.name, HIGHEST, (source,)), datetime.fromisoformat(run["@timestamp"]).timestamp()
    for figure, metric in _HISTOGRAMS.items():
        value = run.get("performance", {}).get(figure)
        if value is not None:
            yield from observed(metric, connector, value)
