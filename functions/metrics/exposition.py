"""The numbers as Prometheus scrapes them: written once for each change, for a scrape to be quick."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from functions.metrics.drift import DriftReports
from functions.metrics.metric import COUNT, SUM
from functions.metrics.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric as Family

    from functions.metrics.kafka_lag import KafkaLag
    from functions.metrics.metric import Added, Metric
    from functions.metrics.projection import Metrics


class Exposition:
    """A projection's numbers, and how far it is, in Prometheus' text format.

    Until the projection has counted all that there is, its numbers are not shown: one whose ledger was deleted counts
    from nothing, and what Prometheus saw grow would be new to it.

    Attributes:
        content: as it was when `write` was last called.
    """

    def __init__(self, projection: Metrics, lag: KafkaLag | None = None) -> None:
        self._numbers = _Numbers(projection, lag)
        self.content = b""
        self.write()

    def write(self) -> None:
        """Write the numbers as they are now."""
        registry = CollectorRegistry()
        registry.register(self._numbers)
        self.content = generate_latest(registry)


class _Handler(BaseHTTPRequestHandler):
    exposition: Exposition
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "trilog", ""
    timeout = 30  # seconds without a byte

    def do_GET(self) -> None:
        found = self.path.partition("?")[0] in {"/", "/metrics"}
        content = self.exposition.content if found else b"Metrics are at /metrics\n"
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing of scrapes."""


def server(exposition: Exposition, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server of the metrics that listens already; raise OSError where it cannot."""
    handler = type("Handler", (_Handler,), {"exposition": exposition})
    made = ThreadingHTTPServer((host, port), handler)
    made.daemon_threads = True
    return made


class _Numbers(Collector):
    """Collects a projection's numbers, how far it is, and how far the readers of a topic are."""

    def __init__(self, projection: Metrics, lag: KafkaLag | None) -> None:
        self._projection, self._lag, self._drift = projection, lag, DriftReports(projection.store)

    def collect(self) -> Iterator[Family]:
        """Yield each metric with its samples."""
        parts: defaultdict[str, list[Added]] = defaultdict(list)
        if self._projection.last_success:
            for key, number in self._projection.ledger.numbers.items():
                parts[key[0]].append((key, number))
        for metric in (metric for subject in SUBJECTS for metric in subject.metrics):
            yield _FAMILIES[metric.type](metric, parts[metric.name])
        if self._lag:
            yield _behind(self._lag)
        yield from self._drift.families()
        yield from self._own()

    def _own(self) -> Iterator[Family]:
        build = GaugeMetricFamily("trilog_build_info", "The version of Trilog.", labels=("version",))
        build.add_metric((version("trilog"),), 1)
        yield build
        last = "When the numbers last had all batches of the store, in Unix seconds."
        yield GaugeMetricFamily("trilog_metrics_last_success_timestamp_seconds", last, self._projection.last_success)
        waiting = "Batches in the store that are not in the numbers yet."
        yield GaugeMetricFamily("trilog_metrics_batches_waiting", waiting, self._projection.waiting)


def _counter(metric: Metric, parts: list[Added]) -> Family:
    return _plain(CounterMetricFamily(metric.name, metric.help, labels=metric.labels), parts)


def _gauge(metric: Metric, parts: list[Added]) -> Family:
    return _plain(GaugeMetricFamily(metric.name, metric.help, labels=metric.labels), parts)


def _plain(family: CounterMetricFamily | GaugeMetricFamily, parts: list[Added]) -> Family:
    for (_, _, labels), number in parts:
        family.add_metric(labels, number)
    return family


def _behind(lag: KafkaLag) -> Family:
    help_text = "Messages of a partition that the group has not stored yet."
    family = GaugeMetricFamily("ingestion_kafka_lag", help_text, labels=("topic", "partition"))
    for partition, messages in lag.behind.items():
        family.add_metric((lag.topic, str(partition)), messages)
    return family


def _summary(metric: Metric, parts: list[Added]) -> Family:
    family = SummaryMetricFamily(metric.name, metric.help, labels=metric.labels)
    numbers = {(labels, part): number for (_, part, labels), number in parts}
    for labels in {labels for labels, _ in numbers}:
        family.add_metric(labels, int(numbers.get((labels, COUNT), 0)), numbers.get((labels, SUM), 0.0))
    return family


def _histogram(metric: Metric, parts: list[Added]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    series: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for (_, part, labels), number in parts:
        series[labels][part] = number
    bounds = [*map(str, metric.buckets), "+Inf"]
    written = [*map(floatToGoString, metric.buckets), "+Inf"]
    for labels, numbers in series.items():
        counts = accumulate(numbers.get(bound, 0.0) for bound in bounds)
        family.add_metric(labels, list(zip(written, counts, strict=True)), numbers.get(SUM, 0.0))
    return family


_FAMILIES = {"counter": _counter, "gauge": _gauge, "summary": _summary, "histogram": _histogram}
