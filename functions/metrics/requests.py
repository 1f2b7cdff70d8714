"""What Prometheus is told of an API's requests: the metrics, and what one line of a log adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from functions.metrics.metric import COUNT, Metric, observed
from functions.metrics.pairs import Pairs
from functions.metrics.request import SECONDS, request_of, source_of
from functions.metrics.subject import Subject
from functions.pipeline.batch import batch_time
from functions.pipeline.documents import LOGS
from functions.pipeline.routes import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions.metrics.ledger import Ledger
    from functions.metrics.metric import Added
    from functions.metrics.request import Request

_REQUESTS = Metric("api_requests_total", "Requests.", ("service", "method", "route", "status"), "counter")
_DURATIONS = Metric(
    "api_request_duration_seconds",
    "How long requests took, of those whose lines tell.",
    ("service", "method", "route"),
    "histogram",
    SECONDS,
)
_MOST_ROUTES = 200
_NOT_FOUND = 404


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
        self._source = source_of(key)
        self._log = f"requests {key.split('/')[1]}" if batch_time(key) else None  # else an object is a log of its own
        self._pairs = Pairs(ledger.state(self._log) or () if self._log else ())

    def added_by(self, body: bytes) -> Iterator[Added]:
        """Yield what a line adds; a line that tells of no request, or of one that is counted, adds nothing."""
        if b'"http_path":' not in body or b'"status_code":' not in body:
            return
        request = request_of(orjson.loads(body), self._source)
        if request is None:
            return
        seconds = request.seconds
        new, timed = self._pairs.first(request.alike, own=request.own, timed=seconds is not None)
        labels = self._labels(request)
        if new:
            yield (_REQUESTS.name, COUNT, (*labels, str(request.status))), 1
        if timed and seconds is not None:
            yield from observed(_DURATIONS, labels, seconds)

    def states(self) -> Mapping[str, object]:
        """Return what waits for its second line."""
        return {self._log: self._pairs.waiting()} if self._log else {}

    def _labels(self, request: Request) -> tuple[str, str, str]:
        """Return the labels, within bounds. A path that is not found is no new route: anybody can ask for it."""
        route = request.route
        if route != OTHER:
            route = self._bounded("route", route, _MOST_ROUTES, known=request.status == _NOT_FOUND)
        return self._bounded("service", request.service), request.method, route
