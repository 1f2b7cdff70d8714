"""How long the objects of sources took to recover: from a run that failed to the next one that succeeded."""

from __future__ import annotations

from collections import ChainMap
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.metrics.metric import COUNT, SUM, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions.metrics.metric import Added, Key

RECOVERIES = Metric(
    "ingestion_recovery_seconds",
    "From the start of a run that failed to the end of the next one that succeeded.",
    ("source", "objet"),
    "summary",
)
FAILING_SINCE = Metric(
    "ingestion_failing_since_timestamp",
    "When the first run failed of those since the last success, in Unix seconds; 0: the last run succeeded.",
    ("source", "objet"),
    "gauge",
)
SUCCESS, FAILED = "SUCCESS", "FAILED"
_LAST = "last"  # when the last run began that was looked at; not exposed


class Recoveries:
    """Follows the runs of a batch: which objects fail, and which recovered.

    The counters of runs cannot tell: of two that rise between the same scrapes they do not say which rose first, and a
    file is counted at once. A run's own times do tell.
    """

    def __init__(self, numbers: Mapping[Key, float]) -> None:
        """Take the numbers as they are before the batch; they are only read."""
        self._numbers: ChainMap[Key, float] = ChainMap({}, numbers)  # type: ignore[arg-type]  # its last map stays as it is

    def added_by(self, run: dict[str, Any], connector: tuple[str, str]) -> Iterator[Added]:
        """Yield what a run adds. One that began before the last one of its object adds nothing.

        Args:
            run: the document.
            connector: the labels of its source and its object.
        """
        last, since = (RECOVERIES.name, _LAST, connector), (FAILING_SINCE.name, COUNT, connector)
        began, state, failing = _seconds(run["@timestamp"]), run.get("etat"), self._numbers.get(since, 0.0)
        if state not in (SUCCESS, FAILED) or began < self._numbers.get(last, began):
            return
        yield self._set(last, began)
        if state == SUCCESS and failing:
            yield (RECOVERIES.name, COUNT, connector), 1
            end = max(began, _seconds(run["event"].get("end", run["@timestamp"])))  # clocks may be wrong
            yield (RECOVERIES.name, SUM, connector), end - failing
        yield self._set(since, 0.0 if state == SUCCESS else failing or began)

    def _set(self, key: Key, value: float) -> Added:
        """Return what has to be added to a number to make it a value."""
        added = value - self._numbers.get(key, 0.0)
        self._numbers[key] = value
        return key, added


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
