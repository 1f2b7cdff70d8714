"""A metric as Prometheus is told of it, and the numbers that are kept for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COUNT, SUM, HIGHEST = "count", "sum", "highest"
Key = tuple[str, str, tuple[str, ...]]
"""A number that is kept: the metric's name, which of its numbers (a bucket's bound, COUNT, SUM or HIGHEST: the
highest that was ever added), and its labels."""
Added = tuple[Key, float]
"""What has to be added to a number."""


class Metric(NamedTuple):
    """A metric as it is described to Prometheus.

    Attributes:
        name: as it is scraped.
        help: what it counts, in a few words.
        labels: the names of its labels.
        type: as Prometheus calls it.
        buckets: the upper bounds of a histogram's buckets, without the infinite one; none for other metrics. The
            thresholds of the alerts are among them, so that what the alerts compare is exact.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    type: Literal["counter", "gauge", "summary", "histogram"]
    buckets: tuple[float, ...] = ()


def add(numbers: dict[Key, float], added: Iterable[Added]) -> None:
    """Add to numbers; those that are not there yet are 0."""
    for key, value in added:
        before = numbers.get(key, 0.0)
        numbers[key] = max(before, value) if key[1] == HIGHEST else before + value


def observed(metric: Metric, labels: tuple[str, ...], value: float) -> Iterator[Added]:
    """Yield what a value adds to a histogram."""
    bound = next((str(bound) for bound in metric.buckets if value <= bound), "+Inf")
    yield (metric.name, bound, labels), 1
    yield (metric.name, SUM, labels), value
