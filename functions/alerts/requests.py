"""The requests of a window, counted by service and by how long ago they were. No document is kept."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.alerts.rules import AVAILABLE_WINDOW, CLASS_WINDOW, FAST, LONGEST, P95_WINDOW, PROBES, SLOW
from functions.metrics.pairs import Pairs
from functions.metrics.request import SECONDS, request_of
from functions.pipeline.routes import OTHER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.metrics.request import Request

FIELDS = ("http_method", "http_path", "status_code", "execution_time_ms", "message", "data", "labels")
"""Those of a log document that tell of a request; each of a request has the third."""
_BURNS = {window for each in (*FAST, *SLOW) for window in (each.long, each.short)}
_WINDOWS = sorted({CLASS_WINDOW, P95_WINDOW, AVAILABLE_WINDOW, LONGEST, *_BURNS})
_MOST_SERVICES = 100  # later ones are OTHER, as in the metrics
_LONGEST_NAME = 200  # characters
_MOST_LOGS = 1000  # whose last lines are known at a time


class Counts:
    """A service's requests, for each of the windows that end now."""

    def __init__(self) -> None:
        self._classes: dict[int, list[int]] = {}
        self._durations = [[0] * (len(SECONDS) + 1) for _ in _WINDOWS]

    def count(self, age: float, status: int) -> None:
        """Count a request of so many seconds ago."""
        place = bisect_left(_WINDOWS, age)
        if place < len(_WINDOWS):
            self._classes.setdefault(status // 100, [0] * len(_WINDOWS))[place] += 1

    def time(self, age: float, seconds: float) -> None:
        """Count how long a request of so many seconds ago took."""
        place = bisect_left(_WINDOWS, age)
        if place < len(_WINDOWS):
            self._durations[place][bisect_left(SECONDS, seconds)] += 1

    def requests(self, window: int = LONGEST) -> int:
        """Return how many requests a window (seconds) has."""
        return sum(sum(counts[: _shorter(window)]) for counts in self._classes.values())

    def of_class(self, first_digit: int, window: int) -> int:
        """Return how many of them have a status that begins so."""
        return sum(self._classes.get(first_digit, [])[: _shorter(window)])

    def durations(self, window: int) -> list[int]:
        """Return how many of those whose time is known fall into each bucket of SECONDS, and beyond."""
        return [sum(each) for each in zip(*self._durations[: _shorter(window)], strict=True)]

    def objective(self, slo: str, window: int) -> tuple[int, int]:
        """Return how many requests missed an objective (`availability`, `latency`), and of how many."""
        if slo == "availability":
            return self.of_class(5, window), self.requests(window)
        durations = self.durations(window)
        return sum(durations[bisect_right(SECONDS, 2.0) :]), sum(durations)

    def p95(self, window: int) -> float | None:
        """Return the 0.95 quantile, as Prometheus's `histogram_quantile` has it; None without any time."""
        buckets = self.durations(window)
        rank, below = 0.95 * sum(buckets), 0
        for place, count in enumerate(buckets[:-1]):
            if count and below + count >= rank:
                low = SECONDS[place - 1] if place else 0.0
                return low + (SECONDS[place] - low) * (rank - below) / count
            below += count
        return SECONDS[-1] if sum(buckets) else None


def _shorter(window: int) -> int:
    return _WINDOWS.index(window) + 1


def counted(
    documents: Iterable[dict[str, Any]], until: datetime, log_of: Callable[[str], tuple[str, str]]
) -> dict[str, Counts]:
    """Count the requests of log documents, which come oldest first; return them by service.

    Args:
        documents: with their `_id`, their time and FIELDS.
        until: the end of all windows.
        log_of: given an `_id`, the name of the log that it is of, and of its source.
    """
    services: dict[str, Counts] = {}
    logs: OrderedDict[str, Pairs] = OrderedDict()
    for document in documents:
        name, source = log_of(document["_id"])
        request = request_of(document, source)
        if request is None:
            continue
        age = (until - datetime.fromisoformat(document["@timestamp"])).total_seconds()
        new, timed = _pairs(logs, name).first(request.alike, own=request.own, timed=request.seconds is not None)
        if request.route not in PROBES:
            _count(_of(services, request), request, age, new=new, timed=timed)
    return services


def _pairs(logs: OrderedDict[str, Pairs], name: str) -> Pairs:
    pairs = logs.setdefault(name, Pairs())
    logs.move_to_end(name)
    if len(logs) > _MOST_LOGS:
        logs.popitem(last=False)
    return pairs


def _of(services: dict[str, Counts], request: Request) -> Counts:
    name = request.service[:_LONGEST_NAME]
    if name not in services and len(services) >= _MOST_SERVICES:
        name = OTHER
    return services.setdefault(name, Counts())


def _count(counts: Counts, request: Request, age: float, *, new: bool, timed: bool) -> None:
    if new:
        counts.count(age, request.status)
    if timed and request.seconds is not None:
        counts.time(age, request.seconds)
