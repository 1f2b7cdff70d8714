"""Borders: where the reading of an object can begin again, with the same records as if it had not stopped.

A border is the start of a line before which every record ends: none goes on behind it. That shows only later, when the
records that were open there have ended: whoever has got a line since is not cut at its place.
"""

from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.reader import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from functions.pipeline.reader import Reader
    from functions.pipeline.records import Record
    from functions.pipeline.streams import Streams

Times = tuple[str | None, str | None]
"""What a clock has read last, in ISO 8601: an instant, and a local time that had no date, with its date."""


class Border(NamedTuple):
    """A place to begin.

    Attributes:
        offset: the byte of the text (decompressed, in UTF-8) at which a line begins.
        records: how many records are before it.
        time: that of the last of them; "" for none.
        times: what had been read by then in the lines before it.
        times_of_records: what had been read in the records before it.
        closing: the brackets, left out as they opened, that the lines behind it close; see `Pretty.closing`.
    """

    offset: int = 0
    records: int = 0
    time: str = ""
    times: Times = (None, None)
    times_of_records: Times = (None, None)
    closing: str = ""


class Borders:
    """Finds the borders of one object while it is read.

    Attributes:
        last: the last border that was found; at first, where reading begins.
    """

    def __init__(self, reader: "Reader", start: Border) -> None:
        """Take what reads the lines, and the place to begin."""
        self.start = self.last = start
        self._reader = reader
        self._given = start.records  # records
        self._next: Border | None = None  # what may be one
        self._open: dict[int, int] = {}  # the records that were open there: how long they were, by position
        self._full: Collection[int] = ()  # the positions of records that had no room for another line

    def look(self, offset: int, streams: "Streams", opened: "Record | None") -> None:
        """Look at the start of a line: it is kept in mind if nothing but whole records is open before it.

        An open record that is not in the streams yet is handed over to them, where all others are.

        Nothing within the first bytes is a border: these tell how what follows is meant. Nor is what may be within a
        traceback whose lines have times before them: these tell nothing alone.
        """
        if opened:
            streams.open(opened)
        lengths = None if self._next or offset < SAMPLE or self._reader.trace else streams.lengths()
        if lengths is not None:
            records = self._given + streams.complete + len(lengths)
            self._next = Border(offset, records, times=self._reader.times(), closing=streams.closing)
            self._open, self._full = lengths, streams.full

    def divided(self, lists: "Iterable[list[Record]]") -> "Iterator[list[Record]]":
        """Yield the lists of records as they come, but for one across what may be a border: that comes in two."""
        for records in lists:
            rest, behind = records, self._given + len(records)
            if self._next and self._given < self._next.records:
                before = records[: self._next.records - self._given]
                self._given += len(before)
                if any(self._went_on(position, raw) for position, raw, *_ in before):
                    self._next = None
                elif len(before) < len(records):
                    yield before
                    rest = records[len(before) :]
            self._given = behind
            yield rest

    def reach(self, records: int, time: str) -> None:
        """Note that so many records have been parsed, and the time of the last one."""
        if self._next and self._next.records == records:
            read = self._reader.times_of_records()
            self.last, self._next = self._next._replace(time=time, times_of_records=read), None

    def _went_on(self, position: int, raw: bytes) -> bool:
        """Say whether a record goes on behind what may be a border, or would have if it had not been full."""
        return position in self._open and (len(raw) > self._open[position] or position in self._full)
