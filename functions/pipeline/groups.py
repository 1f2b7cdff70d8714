"""Documents counted in groups: how many there are, how many failed, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from functions.pipeline.conditions import Condition

Period = Literal["minute", "hour", "day"]
SHARES = (0.5, 0.95, 0.99)
"""The percentiles that groups have, as parts of 1."""


class Grouping(NamedTuple):
    """How documents are grouped.

    Attributes:
        failed: what tells that a document is of a failure.
        by: the field whose values the groups have; None: all documents are one group.
        period: or the minute, the hour or the day, in UTC, in which they lie.
        most: how many groups there may be: those with the most documents, of times the last.
        slowest: those with the highest 95th percentile instead.
    """

    failed: Condition
    by: str | None = None
    period: Period | None = None
    most: int = 20
    slowest: bool = False


class Group(NamedTuple):
    """One group: what it is of ("" for all), counts, the times of its first and last document, and percentiles.

    The percentiles are of durations in milliseconds, of the `timed` documents that tell one; None when there is none.
    """

    key: str
    documents: int
    failed: int
    first: str | None
    last: str | None
    timed: int
    p50: float | None
    p95: float | None
    p99: float | None
