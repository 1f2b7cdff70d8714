"""Streams of lines: which of them are one record.

A log has one stream, and one more for each container, pod or log stream whose lines it carries in envelopes: what
belongs together follows each other within a stream only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.ansi import ESCAPE, stripped
from functions.pipeline.ordered import Ordered
from functions.pipeline.pretty import Pretty
from functions.pipeline.records import PLACE_IN_ENVELOPE, Origin, escaped, json_object
from functions.pipeline.traces import Trace

if TYPE_CHECKING:
    from functions.pipeline.concatenated import Pieces
    from functions.pipeline.envelopes import Carried
    from functions.pipeline.pretty import Lines
    from functions.pipeline.reader import In, Reader
    from functions.pipeline.records import Head, Record

MOST_LINES, MOST_BYTES = 1_000, 1 << 20  # of one record made of several lines; what exceeds them begins another record
_MOST_STREAMS = 1_000  # that are followed at once; what began first ends when there are more
TIME_ALONE = "time"  # an envelope that is no more than a time before the line: further lines have none
_MOST_LOOKED_AT = 100  # streams, where it is looked what is open: in more, too much would be
_MOST_COMPLETE = 1_000  # records that wait for one that began before them
_MOST_WAITING = 64 << 20  # bytes that wait, in all streams and in complete records
_SHORT = 8 << 10  # bytes: shorter parts of lines are no container runtime's, and may be whole
_BLANK = frozenset((b" ", b"\t"))
_OPENING = frozenset((b"{", b"[", b" ", b"\t"))
_MOST_ENVELOPES = 4  # around each other


class _Part:
    """A line that has come in part."""

    def __init__(self, position: int, origin: Origin) -> None:
        self.position, self.origin = position, origin
        self.size = 0
        self._texts: list[bytes] = []

    def add(self, text: bytes) -> None:
        """Add what comes next."""
        self._texts.append(text)
        self.size += len(text)

    def line(self) -> bytes:
        """Return the line, as far as it has come."""
        return b"".join(self._texts)


class _Stream:
    """One stream: the text record that may still get lines, and a line that has come in part."""

    def __init__(self) -> None:
        self.record: Record | None = None
        self.full = False  # whether the record had no room for a line
        self.more: list[tuple[bytes, bytes, bytes | None]] = []  # the record's further lines: text, escaped, as sent
        self.size = 0  # bytes of all of them
        self.trace: Trace | None = None  # of a record without a head: only a traceback goes on
        self.of_records = False  # what is carried is a record each, not a line
        self.part: _Part | None = None
        self.pretty = Pretty()  # an object that goes over several lines
        self.origin: Origin | None = None  # of those

    @property
    def idle(self) -> bool:
        """Whether nothing in it may go on."""
        return self.record is None and self.part is None and not self.pretty.waiting and not self.pretty.closing

    @property
    def waiting(self) -> int:
        """How many bytes wait for more lines."""
        return (self.size if self.record else 0) + self.pretty.size + (self.part.size if self.part else 0)

    @property
    def length(self) -> int:
        """How many bytes the open record has; blank lines at its end do not count."""
        record, more = self.record, self.more
        assert record is not None  # noqa: S101 (the caller has looked)
        last = next((place for place in range(len(more), 0, -1) if more[place - 1][0].strip()), 0)
        return len(record[1]) + sum(len(line) + 1 for line, _, _ in more[:last])

    def open(self, record: Record, trace: Trace | None = None) -> None:
        """Take a record that may get more lines; of records that are carried, only a traceback has any."""
        self.record, self.size, self.trace = record, len(record[1]), trace or (Trace(b"") if self.of_records else None)

    def awaits(self, line: bytes) -> bool:
        """Say whether the line behind the open record's first one belongs to its head."""
        head = self.record and self.record[3]
        more = head[4] if head else None
        return more is not None and more.awaits is not None and more.awaits(line)

    def extend(self, line: bytes, text: bytes, sent: bytes | None) -> bool:
        """Add a line to the open record; False when it does not belong there, or has no room."""
        if self.record is None or (self.trace and not self.trace.goes_on(line)):
            return False
        if len(self.more) >= MOST_LINES - 1 or self.size + len(line) >= MOST_BYTES:
            self.full = True
            return False
        self.more.append((line, text, sent))
        self.size += len(line) + 1
        return True

    def close(self) -> Record:
        """End the open record and return it, but for blank lines at its end: these belong to nobody."""
        record, more = self.record, self.more
        assert record is not None  # noqa: S101 (the caller has looked)
        self.record, self.full = None, False
        if not more:
            return record
        self.more = []
        while more and not more[-1][0].strip():
            more.pop()
        return _joined(record, more) if more else record


def _joined(record: Record, more: list[tuple[bytes, bytes, bytes | None]]) -> Record:
    """Return a record with the lines that belong to it."""
    position, raw, text, head, fields, origin = record
    lines, texts, sents = zip((raw, text, origin and origin.sent), *more, strict=True)
    if any(sent is not None for sent in sents):
        sent = b"\\n".join(text if sent is None else sent for text, sent in zip(texts, sents, strict=True))
        origin = (origin or Origin())._replace(sent=sent)
    return position, b"\n".join(lines), b"\\n".join(texts), head, fields, origin


class Streams:
    """The streams of one object; takes its lines one by one, and gives records in the order in which they began.

    Attributes:
        full: the positions of records that had no room for another line.
    """

    def __init__(self, reader: Reader, closing: str = "") -> None:
        """Take what reads lines, and the brackets that were left open by those before; see `Pretty.closing`."""
        self.full: set[int] = set()
        self._reader = reader
        self._records: Ordered[_Stream] = Ordered()
        self._bare = _Stream()
        self._bare.pretty.closing = closing
        self._carried: dict[tuple[str, str], _Stream] = {}  # by the envelope, and its name for the stream
        self._last: _Stream | None = None  # the stream of the last line in an envelope
        self._came = 0  # bytes that have come in envelopes since it was looked how many of them wait
        self._elements = False  # positions are places in an array
        self._line = self._place = 0  # where the line stands that is taken; how many of those that it carries were

    @property
    def complete(self) -> int:
        """How many records are complete; they may wait for one that began before."""
        return len(self._records)

    @property
    def bare(self) -> bool:
        """Whether the next line that begins a record ends all that is open: none is in an envelope, or in an object."""
        return not self._carried and not self._bare.pretty.waiting

    @property
    def closing(self) -> str:
        """The brackets that lines in no envelope are going to close."""
        return self._bare.pretty.closing

    def open(self, record: Record) -> None:
        """Take a text record of one line that may get more."""
        self._open(self._bare, record)

    def lengths(self) -> dict[int, int] | None:
        """Return how long each open record is, by its position; None where parts of lines or objects are open, too."""
        lengths = {}
        if len(self._carried) > _MOST_LOOKED_AT or self.closing == "}":
            return None
        for each in (self._bare, *self._carried.values()):
            if each.part or each.pretty.waiting or (each.pretty.closing and each is not self._bare):
                return None
            if each.record:
                lengths[each.record[0]] = each.length
        return lengths

    def take(self, position: int, line: bytes, text: bytes | None = None, *, whole: bool = False) -> None:
        """Take a line that is in no stream but the log's own.

        Args:
            position: where it is; see `Record`.
            line: the line.
            text: the same, escaped; None to have that done.
            whole: it is an array's element: a record by itself, whatever is around it.
        """
        self._elements = whole
        if line[:1] == b"{" and self._take_object(position, line, text):
            return
        last = self._last
        if last and line[:1] in _BLANK and last.extend(line, escaped(line) if text is None else text, None):
            return  # as syslog and journalctl write the further lines of a record
        self._last = None
        self._take(self._bare, position, line, text, None)
        if whole:
            self._end(self._bare)

    def _take_object(self, position: int, line: bytes, text: bytes | None) -> bool:
        """Take a line that is an object the short way, where nothing is open that it may belong to; else say False."""
        bare = self._bare
        if bare.record is not None or bare.pretty.waiting or ESCAPE in line:
            return False
        fields = json_object(line)
        if fields is None:
            return False
        read = self._reader.read_object(fields)
        if read is None:
            self._last = self._reader.trace = None
            self._records.add((position, line, escaped(line) if text is None else text, None, fields, None))
        else:
            self._unwrap(bare, position, read, None, 0)
        return True

    def taken(self) -> list[Record]:
        """Return the records that are complete, in their order, and forget them.

        Those that began after one that is not complete yet wait for it, as long as there are not too many.
        """
        records = self._records
        ready = records.ready()
        if len(records.waiting) <= _MOST_COMPLETE and records.size <= _MOST_WAITING:
            return ready
        while (oldest := records.oldest) and (len(records.waiting) > _MOST_COMPLETE or records.size > _MOST_WAITING):
            self._end_oldest(oldest)
            ready += records.ready()
        self._forget_idle()
        return ready

    def close(self) -> list[Record]:
        """End all records that have waited for more lines; return what is complete, in order."""
        while oldest := self._records.oldest:
            self._end_oldest(oldest)
        self._carried.clear()
        self._bare.pretty.closing = ""
        self._last = self._reader.trace = None
        return self._records.ready()

    def _take(  # noqa: PLR0913, PLR0917 (a record's parts)
        self,
        stream: _Stream,
        position: int,
        line: bytes,
        text: bytes | None,
        origin: Origin | None,
        depth: int = 0,
        *,
        given_up: bool = False,
    ) -> None:
        sent, coloured = None, line
        if ESCAPE in line:
            sent = escaped(line) if text is None else text
            line, text = stripped(line), None
        if stream.pretty.waiting:
            stream.origin = stream.origin or origin
            self._take_all(stream, stream.pretty.take(position, line), depth)
            return
        own = origin if sent is None else (origin or Origin())._replace(sent=sent)
        awaited = stream.record and not stream.more and stream.awaits(line)
        if awaited and stream.extend(line, text or escaped(line), own and own.sent):
            return
        read = self._read(line, depth)
        if type(read) is tuple and type(read[0]) is str:
            if sent is not None:  # what is in it keeps its colours, unless they are in the envelope's own text
                again = self._read(coloured, depth)
                read = again if type(again) is tuple and again[0] == read[0] else read
            self._unwrap(stream, position, read, origin, depth)
            return
        text = escaped(line) if text is None else text
        if read is not None or (depth == 0 and line.strip()):
            self._reader.trace = None
        if type(read) is dict:
            self._end(stream)
            self._records.add((position, line, text, None, read, own))
        elif read is not None:
            self._end(stream)
            self._open(stream, (position, line, text, read, None, own))  # type: ignore[arg-type]  # a head, as nothing is left
        elif line[:1] in _OPENING and (pieces := _pieces(stream, line)):
            self._take_pieces(stream, position, pieces, origin, depth)
        else:
            self._take_text(stream, (position, line, text, None, None, own), origin, given_up=given_up)

    def _take_text(self, stream: _Stream, record: Record, origin: Origin | None, *, given_up: bool) -> None:
        """Take a line that no layout knows: it belongs to the open record, begins an object, or is alone.

        The record has its own origin: with its text as it was sent, which is not that of an object's other lines.
        """
        position, line, text, _, _, own = record
        if stream.extend(line, text, own and own.sent):
            return
        if given_up or (stream.record and not stream.trace) or not stream.pretty.begins(line):
            self._take_alone(stream, record)
            return
        self._end(stream)
        stream.origin = origin
        stream.pretty.take(position, line)
        self._records.begin(stream, position)

    def _take_pieces(self, stream: _Stream, position: int, pieces: Pieces, origin: Origin | None, depth: int) -> None:
        """Take the objects of a line that holds several; text behind them is a record of its own."""
        self._end(stream)
        counted = origin is not None or self._elements
        if origin is None:
            self._line, self._place = position, 0
        for at, piece in pieces:
            place = self._next() if counted and at else position + at
            if json_object(piece) is None:
                self._take_alone(stream, (place, piece, escaped(piece), None, None, origin))
            else:
                self._take(stream, place, piece, None, origin, depth)

    def _next(self) -> int:
        """Return the position of the next of those that a line carries, at whatever depth."""
        self._place += 1
        return self._line + (self._place << PLACE_IN_ENVELOPE)

    def _read(self, line: bytes, depth: int) -> Head | In | dict[str, Any] | None:
        """Read a line; beyond so many envelopes, what looks like another is a record."""
        known = self._reader.known(line) if depth else None  # of a line in none, that has been looked at
        if known:
            return known
        fields = json_object(line) if line else None
        if fields is not None:
            return (self._reader.read_object(fields) if depth < _MOST_ENVELOPES else None) or fields
        if not line.strip():
            return None
        return (None if depth else self._reader.known(line)) or self._reader.read(line, wrapped=depth < _MOST_ENVELOPES)

    def _take_all(self, stream: _Stream, lines: Lines, depth: int) -> None:
        """Take what an object over several lines has become: one text, or its lines as they are."""
        origin, places = stream.origin, self._place
        for position, text in lines:
            behind = origin is not None and places != self._place  # what a line before it has become, and placed there
            self._take(stream, self._next() if behind else position, text, None, origin, depth, given_up=True)

    def _take_alone(self, stream: _Stream, record: Record) -> None:
        """Take a line that no layout knows, and that belongs to no record before it."""
        full = stream.record is not None and stream.trace is None
        self._end(stream)
        if not record[1].strip() or stream.pretty.is_bracket(record[1]):
            return
        trace = Trace.begun_by(record[1])
        if full or trace or stream.of_records:  # what has no room in the record before it is a text record of its own
            self._open(stream, record, None if full else trace)
        else:
            self._records.add(record)

    def _unwrap(self, around: _Stream, position: int, read: In, origin: Origin | None, depth: int) -> None:
        """Take the lines in an envelope."""
        name, carried = read
        if len(carried) == 1 and depth == 0 and around.record is None and self._take_known(position, name, carried[0]):
            return
        if name != TIME_ALONE and (around is not self._bare or around.record is not None):
            self._end(around)
        self._reader.control_messages += not carried
        if depth == 0:
            self._line, self._place = position, 0
        for number, each in enumerate(carried):
            place = self._next() if number else position  # the first is where all are
            inner = _inner(origin, name, each)
            stream = around if name == TIME_ALONE else self._stream((inner.envelope, each.stream))
            self._last = stream if stream is not around else None
            self._take_carried(stream, place, each, inner, depth + 1)
            self._came += len(each.text)
        if depth == 0 and (len(self._carried) > _MOST_STREAMS or self._came > _MOST_WAITING):
            self._end_first()

    def _take_known(self, position: int, name: str, carried: Carried) -> bool:
        """Take the short way with what most lines are, if it is that: in the known layout, behind another record."""
        text, time, labels, key, partial, level, logger, of_records, fields, sent = carried
        stream = self._carried.get((name, key))
        if stream is None or stream.record is None or stream.part or partial or of_records or sent or ESCAPE in text:
            return False
        if self._reader.known_may_go_on:
            return False
        head = self._reader.known(text)
        if head is None:
            return False
        self._reader.trace = None
        origin = tuple.__new__(Origin, (name, time, labels, None, level, logger, fields))  # twice as fast as Origin(…)
        self._records.go_on(stream, stream.close(), position)
        stream.of_records = False
        stream.open((position, text, escaped(text), head, None, origin))
        self._line, self._place, self._last = position, 0, stream
        self._came += len(text)
        if self._came > _MOST_WAITING:
            self._end_first()
        return True

    def _end_first(self) -> None:
        """End what began first, until no more streams are followed, and no more waits, than may."""
        self._forget_idle()
        followed, waiting = len(self._carried), sum(each.waiting for each in self._carried.values())
        while followed > _MOST_STREAMS or waiting > _MOST_WAITING:
            stream = next((each for each in self._records.begun if each is not self._bare), None)
            if stream is None:
                break
            waiting -= stream.waiting
            self._end_oldest(stream)
            stream.pretty.closing = ""
            followed, waiting = followed - stream.idle, waiting + stream.waiting
        self._forget_idle()
        self._came = 0

    def _end_oldest(self, stream: _Stream) -> None:
        """End what has begun first in a stream: a record, or else the line that has come in part."""
        part, stream.part = (stream.part, None) if stream.record else (None, stream.part)
        self._end(stream)
        if part:
            stream.part = part
            self._records.begin_earlier(stream, part.position)

    def _forget_idle(self) -> None:
        """Forget the streams in which nothing may go on: how many there were changes nothing then."""
        self._carried = {key: each for key, each in self._carried.items() if not each.idle}

    def _stream(self, key: tuple[str, str]) -> _Stream:
        stream = self._carried.get(key)
        if stream is None:
            stream = self._carried[key] = _Stream()
        return stream

    def _take_carried(self, stream: _Stream, position: int, carried: Carried, origin: Origin, depth: int) -> None:
        """Take a line, or a part of one, which it may complete."""
        line, stream.of_records = carried.text, carried.record
        if stream.part and stream.part.size < _SHORT and self._reader.begins(line):  # its sender leaves line ends out
            places = self._place
            self._take_part(stream, depth)
            position = position if places == self._place else self._next()  # behind what the part has become
        if stream.part is None:
            if not carried.partial:
                self._take(stream, position, line, None, origin, depth)
                return
            stream.part = _Part(position, origin)
            self._records.begin(stream, position)
        stream.part.add(line)
        if not carried.partial or stream.part.size >= MOST_BYTES:
            self._take_part(stream, depth)

    def _take_part(self, stream: _Stream, depth: int) -> None:
        """Take a line that came in parts, as far as it has come."""
        part, stream.part = stream.part, None
        if part:
            self._take(stream, part.position, part.line(), None, part.origin, depth)
            if stream.record or stream.pretty.waiting:
                self._records.begin_earlier(stream, part.position)

    def _end(self, stream: _Stream) -> None:
        """End what is open in a stream."""
        if stream.part:
            self._take_part(stream, _MOST_ENVELOPES)
        if stream.pretty.waiting:
            self._take_all(stream, stream.pretty.given_up(), _MOST_ENVELOPES)
        if stream.record is not None:
            if stream.full:
                self.full.add(stream.record[0])
            self._records.complete(stream, stream.close())
        else:
            self._records.end(stream)

    def _open(self, stream: _Stream, record: Record, trace: Trace | None = None) -> None:
        """Take a record that may get more lines."""
        stream.pretty.closing = ""
        stream.open(record, trace)
        self._records.begin(stream, record[0])


def _pieces(stream: _Stream, line: bytes) -> Pieces | None:
    """Cut a line that is several objects; None for any other, as for source code in a traceback: `  {"a": 1}["b"]`."""
    from functions.pipeline.concatenated import objects

    pieces = objects(line)
    if pieces and stream.record is not None and line[:1].isspace() and json_object(pieces[-1][1]) is None:
        return None
    return pieces


def _inner(origin: Origin | None, name: str, carried: Carried) -> Origin:
    """Say where a line stood that was in an envelope, which may have been in another."""
    sent = escaped(carried.sent) if carried.sent else None
    if origin is None:
        return Origin(name, carried.time, carried.labels, sent, carried.level, carried.logger, carried.fields)
    return Origin(
        f"{origin.envelope}+{name}",
        carried.time or origin.time,
        {**origin.labels, **carried.labels},
        sent,
        carried.level or origin.level,
        carried.logger or origin.logger,
        {**origin.fields, **carried.fields},
    )
