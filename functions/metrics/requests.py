"""What Prometheus is told of an API's requests: the metrics, and what one line of a log adds to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from functions.metrics.metric import COUNT, Metric, observed
from functions.metrics.pairs import Pairs
from functions.metrics.subject import Subject
from functions.pipeline.batch import batch_time
from functions.pipeline.documents import LOGS
from functions.pipeline.routes import OTHER, route_of
from functions.pipeline.services import service_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions.metrics.ledger import Ledger
    from functions.metrics.metric import Added

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # 2 s is the service level
_REQUESTS = Metric("api_requests_total", "Requests.", ("service", "method", "route", "status"), "counter")
_DURATIONS = Metric(
    "api_request_duration_seconds",
    "How long requests took, of those whose lines tell.",
    ("service", "method", "route"),
    "histogram",
    _SECONDS,
)
_MOST_ROUTES = 200
_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))  # RFC 9110, 5789
_STATUSES = range(100, 600)
_NOT_FOUND = 404
_UNKNOWN = "unknown"
_SOURCE = re.compile(r"raw/([^/]+?)(?:-[0-9a-f]{8})?/")  # a source's name ends with a hash where it was shortened


class Requests(Subject):
    """The requests of a batch: lines with a path and a status, each request once.

    A log may have two lines of one request; `functions.metrics.pairs` tells the second. What waits for its second line
    at the end of a batch does so in the next batch of the same source.
    """

    kind = LOGS
    metrics = (_REQUESTS, _DURATIONS)

    def __init__(self, ledger: Ledger, key: str) -> None:
        super().__init__(ledger, key)
        self._bounded = ledger.bounded
        found = _SOURCE.match(key)
        self._source = found[1] if found else _UNKNOWN
        self._log = f"requests {key.split('/')[1]}" if batch_time(key) else None  # else an object is a log of its own
        self._pairs = Pairs(ledger.state(self._log) or () if self._log else ())

    def added_by(self, body: bytes) -> Iterator[Added]:
        """Yield what a line adds; a line that tells of no request, or of one that is counted, adds nothing."""
        if b'"http_path":' not in body or b'"status_code":' not in body:
            return
        line = orjson.loads(body)
        status, path, seconds = line.get("status_code"), line.get("http_path"), _seconds(line)
        if status not in _STATUSES or not isinstance(path, str):
            return
        service, method, route = service_of(line) or self._source, _method(line), route_of(path)
        request = (service, method, route, str(status))
        new, timed = self._pairs.first(request, own=not _is_access_line(line, path), timed=seconds is not None)
        labels = self._labels(service, method, route, status)
        if new:
            yield (_REQUESTS.name, COUNT, (*labels, str(status))), 1
        if timed and seconds is not None:
            yield from observed(_DURATIONS, labels, seconds)

    def states(self) -> Mapping[str, object]:
        """Return what waits for its second line."""
        return {self._log: self._pairs.waiting()} if self._log else {}

    def _labels(self, service: str, method: str, route: str, status: int) -> tuple[str, str, str]:
        """Return the labels, within bounds. A path that is not found is no new route: anybody can ask for it."""
        if route != OTHER:
            route = self._bounded("route", route, _MOST_ROUTES, known=status == _NOT_FOUND)
        return self._bounded("service", service), method, route


def _seconds(line: dict[str, Any]) -> float | None:
    milliseconds = line.get("execution_time_ms")
    return milliseconds / 1000 if isinstance(milliseconds, int | float) and milliseconds >= 0 else None


def _method(line: dict[str, Any]) -> str:
    method = line.get("http_method")
    if not isinstance(method, str):
        return _UNKNOWN
    return method.upper() if method.upper() in _METHODS else OTHER


def _is_access_line(line: dict[str, Any], path: str) -> bool:
    """Say whether a server wrote the line: these quote the request line, `"POST /predict HTTP/1.1"`."""
    return f'"{line.get("http_method")} {path}' in str(line.get("message"))
