"""What Prometheus is told of ingestion runs: the metrics, and what one run adds to them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MIB = 1 << 20


class Metric(NamedTuple):
    """A metric as it is described to Prometheus.

    Attributes:
        name: as it is scraped.
        help: what it counts, in a few words.
        labels: the names of its labels.
        buckets: the upper bounds of a histogram's buckets, without the infinite one; none for other metrics. The
            thresholds of the alerts are among them, so that what the alerts compare is exact.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()


RUNS = Metric("ingestion_runs_total", "Ingestion runs.", ("source", "etat", "objet", "entreprise", "zone"))
FAILURES = Metric("ingestion_failures_total", "Ingestion runs that failed.", ("source", "objet"))
LAST_RUN = Metric("ingestion_last_run_timestamp", "When the last run of a source began, in Unix seconds.", ("source",))
RECOVERIES = Metric(
    "ingestion_recovery_seconds",
    "From the start of a run that failed to the end of the next one that succeeded.",
    ("source", "objet"),
)
FAILING_SINCE = Metric(
    "ingestion_failing_since_timestamp",
    "When the first run failed of those since the last success, in Unix seconds; 0: the last run succeeded.",
    ("source", "objet"),
)
_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_SIZES = tuple(float(size * _MIB) for size in (1, 2, 5, 10, 25, 50, 100, 150, 200, 300, 500, 1000))
HISTOGRAMS = {
    "duree_secondes": Metric("ingestion_duration_seconds", "How long runs took.", ("source", "objet"), _SECONDS),
    "cpu_time_sec": Metric("ingestion_cpu_usage_seconds", "Processor time of runs.", ("source", "objet"), _SECONDS),
    "memory_used_bytes": Metric("ingestion_memory_usage_bytes", "Memory of runs.", ("source", "objet"), _SIZES),
}
"""By the figures in a run's `performance`."""

COUNT, SUM = "count", "sum"
Key = tuple[str, str, tuple[str, ...]]
"""A number that is kept: the metric's name, which of its numbers (a bucket's bound, COUNT or SUM), and its labels."""

_UNKNOWN = "unknown"
SUCCESS, FAILED = _STATES = ("SUCCESS", "FAILED")


def connector_of(run: dict[str, Any], bounded: Callable[[str, str], str]) -> tuple[str, str]:
    """Return the labels of a run's source and object; `bounded` is that of `added_by`."""
    source = run.get("labels", {}).get("source", _UNKNOWN)
    return bounded("source", source), bounded("objet", run.get("objet", {}).get("name", _UNKNOWN))


def added_by(
    run: dict[str, Any], connector: tuple[str, str], bounded: Callable[[str, str], str]
) -> Iterator[tuple[Key, float]]:
    """Yield what a run's document adds, by the number that it is added to; for LAST_RUN, the time that it began.

    Args:
        run: the document.
        connector: the labels of its source and its object.
        bounded: takes a label's name and a value; returns the value, or one that stands for all beyond a bound.
    """
    labels = run.get("labels", {})
    source, objet = connector
    state = run.get("etat")
    where = (bounded(name, labels.get(name, "")) for name in ("entreprise", "zone"))
    yield (RUNS.name, COUNT, (source, state if state in _STATES else _UNKNOWN, objet, *where)), 1
    yield (FAILURES.name, COUNT, (source, objet)), run.get("metrics", {}).get("is_failed", 0)
    yield (LAST_RUN.name, COUNT, (source,)), datetime.fromisoformat(run["@timestamp"]).timestamp()
    for figure, metric in HISTOGRAMS.items():
        value = run.get("performance", {}).get(figure)
        if value is not None:
            bound = next((str(bound) for bound in metric.buckets if value <= bound), "+Inf")
            yield (metric.name, bound, (source, objet)), 1
            yield (metric.name, SUM, (source, objet)), value
