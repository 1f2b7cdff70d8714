"""The order of records: those that are complete wait for the ones that were begun before them, within bounds."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Generic, TypeVar

from functions.pipeline.records import PLACE_IN_ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Hashable

    from functions.pipeline.records import Record

_LINE = (1 << PLACE_IN_ENVELOPE) - 1
_PLACES = 64  # bits, more than enough


Stream = TypeVar("Stream", bound="Hashable")


class Ordered(Generic[Stream]):
    """Complete records, in the order in which they were begun.

    Attributes:
        waiting: those that wait, a heap by their order.
        size: bytes of these.
    """

    def __init__(self) -> None:
        self.size = 0
        self._ready: list[Record] = []  # come before all that are begun, or wait
        self.waiting: list[tuple[int, Record]] = []
        self._begun: dict[Stream, int] = {}  # where, by the stream in which they are, the oldest first

    def __len__(self) -> int:
        """How many are complete."""
        return len(self._ready) + len(self.waiting)

    @property
    def oldest(self) -> Stream | None:
        """The stream whose record has begun before all others that are not complete; None where all are."""
        return next(iter(self._begun), None)

    @property
    def begun(self) -> list[Stream]:
        """The streams whose records are not complete, in the order in which these have begun."""
        return list(self._begun)

    def begin(self, stream: Stream, position: int) -> None:
        """Note that a record of a stream has begun; it stays noted until it has ended."""
        if stream not in self._begun:
            self._begun[stream] = position

    def begin_earlier(self, stream: Stream, position: int) -> None:
        """Note that a record of a stream has begun, perhaps before others that are noted."""
        self.begin(stream, position)
        self._begun = dict(sorted(self._begun.items(), key=lambda each: _order(each[1])))

    def end(self, stream: Stream) -> None:
        """Note that nothing has begun any more."""
        self._begun.pop(stream, None)

    def complete(self, stream: Stream, record: Record) -> None:
        """Take the record that a stream has begun."""
        first = not self.waiting and next(iter(self._begun)) is stream
        del self._begun[stream]
        self._add(record, first=first)

    def go_on(self, stream: Stream, record: Record, position: int) -> None:
        """Take the record that a stream has begun, and note where its next one has."""
        if self.waiting or len(self._begun) > 1:
            self.complete(stream, record)
            self.begin(stream, position)
        else:
            self._ready.append(record)
            self._begun[stream] = position

    def add(self, record: Record) -> None:
        """Take a record that is complete at once."""
        self._add(record, first=not self._begun and not self.waiting)

    def ready(self) -> list[Record]:
        """Give away the records before which none has begun that is not complete."""
        ready, self._ready = self._ready, []
        waiting = self.waiting
        if waiting:
            first = _order(next(iter(self._begun.values()))) if self._begun else None
            while waiting and (first is None or waiting[0][0] < first):
                ready.append(heappop(waiting)[1])
                self.size -= len(ready[-1][1])
        return ready

    def _add(self, record: Record, *, first: bool) -> None:
        if first:
            self._ready.append(record)
        else:
            heappush(self.waiting, (_order(record[0]), record))
            self.size += len(record[1])


def _order(position: int) -> int:
    """Return a number that sorts by the line first, and by the place in its envelope then."""
    return (position & _LINE) << _PLACES | position >> PLACE_IN_ENVELOPE
