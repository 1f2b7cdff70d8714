"""The order of records: those that are complete wait for the ones that were begun before them, within bounds."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Generic, TypeVar

from functions.pipeline.records import PLACE_IN_ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from functions.pipeline.records import Record

_LINE = (1 << PLACE_IN_ENVELOPE) - 1
_Place = tuple[int, int]


Stream = TypeVar("Stream", bound="Hashable")


class Ordered(Generic[Stream]):
    """Complete records, in the order in which they were begun.

    Attributes:
        count: how many wait.
        size: bytes of these.
    """

    def __init__(self) -> None:
        self.count = self.size = 0
        self._complete: list[tuple[_Place, Record]] = []  # a heap
        self._begun: dict[Stream, _Place] = {}  # by the stream in which they are, the oldest first

    @property
    def oldest(self) -> Stream:
        """The stream whose record has begun before all others that are not complete."""
        return next(iter(self._begun))

    def begin(self, stream: Stream, position: int) -> None:
        """Note that a record of a stream has begun; it stays noted until it has ended."""
        self._begun.setdefault(stream, _place(position))

    def end(self, stream: Stream) -> None:
        """Note that nothing has begun any more."""
        self._begun.pop(stream, None)

    def add(self, record: Record) -> None:
        """Take a record that is complete."""
        heappush(self._complete, (_place(record[0]), record))
        self.count += 1
        self.size += len(record[1])

    def ready(self) -> Iterator[Record]:
        """Give away the records before which none has begun that is not complete."""
        first = next(iter(self._begun.values()), None)
        while self._complete and (first is None or self._complete[0][0] < first):
            _, record = heappop(self._complete)
            self.count -= 1
            self.size -= len(record[1])
            yield record


def _place(position: int) -> _Place:
    """Return the line of a position, and the place in its envelope."""
    return position & _LINE, position >> PLACE_IN_ENVELOPE
