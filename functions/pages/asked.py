"""What a page is asked to show, and how its views ask the indexes for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from functions.pages.sample import sample_of
from functions.pipeline.documents import LOGS
from functions.pipeline.groups import Grouping
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.failures import failed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions.pages.sample import Sample
    from functions.pipeline.conditions import Condition
    from functions.pipeline.groups import Group, Period
    from functions.pipeline.sinks import Indexes
    from functions.pipeline.store import Store

SAMPLE = 10_000
"""Of so many documents, the latest, distributions are made where an index cannot count them."""

_STEPS: dict[Period, timedelta] = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_LONGEST = 180  # periods in a chart, unless even days are more
_MOST = 400


class Asked:
    """The documents of a page: those of all kinds since a time (included) and until another (excluded)."""

    def __init__(self, indexes: Indexes, store: Store, since: str | None = None, until: str | None = None) -> None:
        """Take the indexes, the store with reports and batches, and ISO 8601 times."""
        self.store, self._indexes = store, indexes
        self._since, self._until = since, until

    def groups(self, kind: str, *where: Condition, **grouping: Any) -> list[Group]:  # noqa: ANN401 (the fields of Grouping)
        """Count documents of a kind in groups; see `functions.pipeline.groups.Grouping`."""
        made = Grouping(failed(kinds()[kind]), **grouping)
        return self._indexes.groups(kind, made, where=where, since=self._since, until=self._until)

    def all(self, kind: str, *where: Condition) -> Group | None:
        """Count all documents of a kind; None where there is none."""
        found = self.groups(kind, *where)
        return found[0] if found else None

    def newest(
        self, kind: str, most: int, *where: Condition, fields: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Return the latest documents of a kind, oldest first."""
        return [*self._read(kind, most, *where, fields=fields)]

    def by_time(self, kind: str, *where: Condition) -> dict[str, Group]:
        """Count documents of a kind in the periods of the page's charts."""
        return {each.key: each for each in self.groups(kind, *where, period=self.period, most=_MOST)}

    @cached_property
    def records(self) -> Group | None:
        """All records."""
        return self.all(LOGS)

    @cached_property
    def levels(self) -> list[Group]:
        """All records by their levels."""
        return self.groups(LOGS, by=kinds()[LOGS].level)

    @cached_property
    def records_by_time(self) -> dict[str, Group]:
        """All records in the periods of the page's charts."""
        return self.by_time(LOGS)

    @cached_property
    def sample(self) -> Sample:
        """The latest predictions; see SAMPLE."""
        return sample_of(self._read("message", SAMPLE, fields=["input_data", "result"]))

    @cached_property
    def period(self) -> Period:
        """The periods of charts: the shortest of which few enough make the whole."""
        first, last = self._ends
        return next((each for each, step in _STEPS.items() if last - first <= _LONGEST * step), "day")

    @cached_property
    def times(self) -> list[str]:
        """The beginnings of periods, of those without documents too: at most the last 400."""
        first, last = (_begin(each, self.period) for each in self._ends)
        step = _STEPS[self.period]
        count = min((last - first) // step + 1, _MOST)
        return [_written(last - step * back) for back in reversed(range(count))]

    def _read(
        self, kind: str, most: int, *where: Condition, fields: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        return self._indexes.read(kind, newest=most, where=where, fields=fields, since=self._since, until=self._until)

    @property
    def _ends(self) -> tuple[datetime, datetime]:
        """The times of the first and the last record; now, where there is none."""
        found = self.records
        ends = (found.first, found.last) if found else (None, None)
        first, last = (datetime.fromisoformat(each) if each else datetime.now(UTC) for each in ends)
        return first, last


def _begin(time: datetime, period: Period) -> datetime:
    hour = 0 if period == "day" else time.hour
    return time.replace(hour=hour, minute=time.minute if period == "minute" else 0, second=0, microsecond=0)


def _written(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.000Z"
