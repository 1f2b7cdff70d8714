"""Reads the lines of one object: which begin a record, and in which layout; which are in an envelope."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from functions.pipeline.records import json_object
from functions.pipeline.streams import TIME_ALONE
from functions.pipeline.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, tzinfo
    from types import ModuleType

    from functions.pipeline.borders import Times
    from functions.pipeline.envelopes import Carried
    from functions.pipeline.layouts.registry import Patterns
    from functions.pipeline.records import Head
    from functions.pipeline.times import Clock

SAMPLE = 64 << 10  # bytes of an object that tell whether its dates begin with the day
_KNOWN = frozenset(("timestamp", "level", "message", "logger", "data"))  # an object of these is no envelope

UNREAD: Times = (None, None)
"""What a clock has read last that has read nothing."""

In = tuple[str, "list[Carried]"]
"""What was in an envelope: the envelope's name, and the lines."""


class Reader:
    """Reads the lines of one object, in their order.

    Attributes:
        known: finds the head of a line in the layout that most lines have; None for any other line.
        known_may_go_on: whether what is known so has heads of two lines.
        names: the user's own names of fields.
        trace: the traceback, of lines with times before them, that further lines may belong to.
        unwraps: whether the last object of the lines was an envelope.
        control_messages: how many envelopes carried no line.
    """

    def __init__(
        self,
        known: Callable[[bytes], Head | None],
        patterns: Callable[[], Patterns],
        zone: tzinfo,
        *,
        day_first: bool | None = None,
        made: datetime | None = None,
    ) -> None:
        """Take what is the same for all objects, and when this one was made.

        Args:
            known: see above.
            patterns: gives the other layouts; it is asked when a line may be in one.
            zone: the zone of times that name none.
            day_first: whether 01/02/2025 is in February where the object's other lines do not tell.
            made: when the object was made: times without a date or a year are near it.
        """
        self.known = known
        self.control_messages = 0
        self.unwraps = self.known_may_go_on = False
        self.trace: Trace | None = None
        self._open_patterns = patterns
        self._zone, self._day_first, self._made = zone, day_first, made
        self.names: Collection[str] = ()
        self._sample = b""
        self._clock: Clock | None = None
        self._clock_of_records: Clock | None = None
        self._begun = self._begun_in_records = UNREAD  # what the clocks go on from

    def look_at(self, block: bytes) -> None:
        """Take the object's first lines, which may tell how its dates are meant."""
        self._sample = block[: SAMPLE - 1]  # whoever goes on ends these with a line end; see `Indexing`

    def clock(self) -> Clock:
        """Return what reads the times of lines: in heads and in envelopes; it is made when a line needs it."""
        if self._clock is None:
            self._clock = self._new_clock(self._begun)
        return self._clock

    def clock_of_records(self) -> Clock:
        """Return what reads the times in records: those of JSON objects.

        That is another clock, for a record is parsed later than its lines are read: how much later depends on chunks,
        and what a time of day means depends on those read before.
        """
        if self._clock_of_records is None:
            self._clock_of_records = self._new_clock(self._begun_in_records)
        return self._clock_of_records

    def _new_clock(self, begun: Times) -> Clock:
        from functions.pipeline.times import Clock, day_first_in

        told = day_first_in(self._sample)
        clock = Clock(self._zone, day_first=self._day_first if told is None else told, made=self._made)
        clock.go_on(begun)
        return clock

    def times(self) -> Times:
        """Return what the clock of lines has read last, for `go_on`."""
        return self._clock.last() if self._clock else self._begun

    def times_of_records(self) -> Times:
        """Return what the clock of records has read last, likewise."""
        return self._clock_of_records.last() if self._clock_of_records else self._begun_in_records

    def go_on(self, times: Times, of_records: Times) -> None:
        """Read as if these times had been read before, in lines and in records."""
        self._begun, self._begun_in_records = times, of_records

    @cached_property
    def _patterns(self) -> Patterns:
        return self._open_patterns()

    @cached_property
    def _envelopes(self) -> ModuleType:
        """The room of envelopes, imported when a line may be in one."""
        from functions.pipeline import envelopes

        return envelopes

    @cached_property
    def _logfmt(self) -> ModuleType:
        from functions.pipeline.layouts import logfmt

        return logfmt

    @property
    def ambiguous(self) -> int:
        """How many times had several meanings, and nothing told which was meant."""
        return sum(each.ambiguous for each in (self._clock, self._clock_of_records) if each)

    def read_object(self, sent: dict[str, Any]) -> In | None:
        """Take the lines out of a JSON object that is an envelope; None for one that is a record itself."""
        if sent.keys() <= _KNOWN:
            return None
        carried: In | None = self._envelopes.from_object(sent, self.clock())
        self.unwraps = carried is not None
        return carried

    def read(self, line: bytes, *, wrapped: bool = True) -> Head | In | dict[str, Any] | None:
        """Read a line that is no JSON object, and not in the known layout.

        Args:
            line: the line, which is not empty.
            wrapped: it may be an envelope.

        Returns:
            Its head; or the members that it has, where it is written as names with values; or, of an envelope, what
            is in it. None where no layout matches: the line belongs to the record before it.
        """
        carried: In | None = self._envelopes.from_text(line, self.clock()) if wrapped else None
        if carried:
            return carried
        head = self._patterns.head(line, self.clock())
        if head is None:
            members: dict[str, Any] | None = self._logfmt.members(line, self.names)
            return members
        alone = wrapped and head[4] is not None and head[4].layout == TIME_ALONE
        return (self._behind(head, line) if alone else None) or head

    def again(self, line: bytes) -> Head | None:
        """Read a line without an envelope in a layout that many had before; None where `read` has to look closer."""
        if not line or self._patterns.repeated in {None, TIME_ALONE} or self._envelopes.may_carry(line):
            return None
        return self._patterns.again(line, self.clock())

    def read_again(self, line: bytes) -> Head | In | dict[str, Any] | None:
        """Read what was made of a line that has been read before: what comes later is read as without that."""
        times, trace = self.times(), self.trace
        try:
            return self.known(line) or self.read(line)
        finally:
            self.trace = trace
            if self._clock:
                self._clock.go_on(times)

    def _behind(self, head: Head, line: bytes) -> In | None:
        """Take the line that a time was put before, as `docker logs -t` and CloudWatch's export do."""
        inner, sent = line[len(head[0]) :], None
        if json_object(inner) or (inner and (self.known(inner) or self._patterns.head(inner, self.clock()))):
            self.trace = None
        else:
            inner = line[len(head[0].rstrip()) + 1 :]  # with its indentation
            if self.trace is None or not self.trace.goes_on(inner):
                self.trace = Trace.begun_by(inner)
            if self.trace is None:
                return None
            sent = line  # what it joins may have had its time in its own text
        from functions.pipeline.envelopes import Carried

        return TIME_ALONE, [Carried(inner, head[2], sent=sent)]

    def begins(self, line: bytes) -> bool:
        """Say whether a line begins a record, as far as that can be told from the line alone."""
        if line.startswith((b"{", b" {", b"  {", b"\t{", b"   {", b"    {")):
            return True
        return bool(line) and (self.known(line) is not None or self.read(line) is not None)
