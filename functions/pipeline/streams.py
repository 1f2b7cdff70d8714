"""Streams of lines: which of them are one record.

A log has one stream, and one more for each container, pod or log stream whose lines it carries in envelopes: what
belongs together follows each other within a stream only.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from functions.pipeline.ansi import ESCAPE, stripped
from functions.pipeline.concatenated import objects
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
_MOST_STREAMS = 1_000  # that are followed at once; the one that began first ends when there are more
TIME_ALONE = "time"  # an envelope that is no more than a time before the line: further lines have none
_MOST_WAITING = 1_000  # records that wait for one before them
_BLANK = frozenset((b" ", b"\t"))
_OPENING = frozenset((b"{", b"[", b" ", b"\t"))
_MOST_ENVELOPES = 4  # around each other


class _Stream:
    """One stream: the text record that may still get lines, and a line that has come in part."""

    def __init__(self) -> None:
        self.record: Record | None = None
        self.more: list[tuple[bytes, bytes, bytes | None]] = []  # the record's further lines: text, escaped, as sent
        self.size = 0  # bytes of all of them
        self.trace: Trace | None = None  # of a record without a head: only a traceback goes on
        self.of_records = False  # what is carried is a record each, not a line
        self.part: tuple[int, bytes, Origin] | None = None  # a line's beginning
        self.pretty = Pretty()  # an object that goes over several lines
        self.origin: Origin | None = None  # of those

    def open(self, record: Record, trace: Trace | None = None) -> None:
        """Take a record that may get more lines; of records that are carried, only a traceback has any."""
        self.record, self.size, self.trace = record, len(record[1]), trace or (Trace(b"") if self.of_records else None)

    def extend(self, line: bytes, text: bytes, sent: bytes | None) -> bool:
        """Add a line to the open record; False when it does not belong there, or has no room."""
        if self.record is None or len(self.more) >= MOST_LINES - 1 or self.size + len(line) >= MOST_BYTES:
            return False
        if self.trace and not self.trace.goes_on(line):
            return False
        self.more.append((line, text, sent))
        self.size += len(line) + 1
        return True

    def close(self) -> Record:
        """End the open record and return it, but for blank lines at its end: these belong to nobody."""
        record, more = self.record, self.more
        assert record is not None  # noqa: S101 (the caller has looked)
        self.record = None
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
    """The streams of one object; takes its lines one by one.

    Attributes:
        complete: the records that nothing more belongs to, until `taken` gives them away.
    """

    def __init__(self, reader: Reader) -> None:
        self.complete: list[Record] = []
        self._reader = reader
        self._bare = _Stream()
        self._carried: dict[str, _Stream] = {}
        self._waiting: dict[int, _Stream] = {}  # streams with an open record, the one that began first in front
        self._last: _Stream | None = None  # the stream of the last line in an envelope

    @property
    def opened(self) -> bool:
        """Whether a record is not complete yet."""
        return bool(self._waiting) or self._bare.pretty.waiting or bool(self._carried)

    @property
    def bare(self) -> bool:
        """Whether the next line that begins a record ends all that is open: none is in an envelope, or in an object."""
        return not self._carried and not self._bare.pretty.waiting

    def open(self, record: Record) -> None:
        """Take a text record of one line that may get more."""
        self._open(self._bare, record)

    def take(self, position: int, line: bytes, text: bytes | None = None, *, whole: bool = False) -> None:
        """Take a line that is in no stream but the log's own.

        Args:
            position: where it is; see `Record`.
            line: the line.
            text: the same, escaped; None to have that done.
            whole: it is a record by itself, whatever is around it.
        """
        last = self._last
        if last and line[:1] in _BLANK and last.extend(line, escaped(line) if text is None else text, None):
            return  # as syslog and journalctl write the further lines of a record
        self._take(self._bare, position, line, text, None)
        if whole:
            self._end(self._bare)

    def taken(self) -> list[Record]:
        """Return the records that are complete, in their order, and forget them.

        Those that began after one that is not complete yet wait for it, as long as there are not too many.
        """
        complete, first = self.complete, next(iter(self._waiting.values()), None)
        if len(complete) == 1 and (first is None or first.record is None or complete[0][0] < first.record[0]):
            self.complete = []
            return complete
        while len(self.complete) > _MOST_WAITING and self._waiting:
            self._end(next(iter(self._waiting.values())))
        complete = sorted(self.complete, key=_place)
        first = next(iter(self._waiting.values()), None)
        count = len(complete)
        if first is not None and first.record is not None:
            count = bisect_left(complete, _place(first.record), key=_place)
        self.complete = complete[count:]
        return complete[:count]

    def close(self) -> list[Record]:
        """End all records that have waited for more lines; return what is complete, in order."""
        for each in (self._bare, *self._carried.values()):
            self._end(each)
        self._carried.clear()
        self._last = None
        return self.taken() if self.complete else []

    def _take(  # noqa: C901, PLR0913, PLR0917 (a record's parts; each call is felt in what a line costs)
        self, stream: _Stream, position: int, line: bytes, text: bytes | None, origin: Origin | None, depth: int = 0
    ) -> None:
        sent, coloured = None, line
        if ESCAPE in line:
            sent = escaped(line) if text is None else text
            line, text = stripped(line), None
        elif depth and not stream.pretty.waiting and (head := self._reader.known(line)):
            self._end(stream)  # as most lines in envelopes do, it begins a record
            self._open(stream, (position, line, escaped(line), head, None, origin))
            return
        if stream.pretty.waiting:
            stream.origin = stream.origin or origin
            self._take_all(stream, stream.pretty.take(position, line), depth)
            return
        read = self._read(line, depth)
        if type(read) is tuple and type(read[0]) is str:
            if sent is not None:  # what is in it keeps its colours, unless they are in the envelope's own text
                again = self._read(coloured, depth)
                read = again if type(again) is tuple and again[0] == read[0] else read
            self._unwrap(stream, position, read, origin, depth)
            return
        text = escaped(line) if text is None else text
        own = origin if sent is None else (origin or Origin())._replace(sent=sent)
        if type(read) is dict:
            self._end(stream)
            self.complete.append((position, line, text, None, read, own))
        elif read is not None:
            self._end(stream)
            self._open(stream, (position, line, text, read, None, own))  # type: ignore[arg-type]  # a head, as nothing is left
        elif line[:1] in _OPENING and (pieces := _pieces(stream, line)):
            self._take_pieces(stream, position, pieces, origin, depth)
        elif stream.record is None and stream.pretty.begins(line):
            stream.origin = origin
            stream.pretty.take(position, line)
        elif not stream.extend(line, text, sent):
            self._take_alone(stream, (position, line, text, None, None, own))

    def _take_pieces(self, stream: _Stream, position: int, pieces: Pieces, origin: Origin | None, depth: int) -> None:
        """Take the objects of a line that holds several; text behind them is a record of its own."""
        self._end(stream)
        for at, piece in pieces:
            if json_object(piece) is None:
                self._take_alone(stream, (position + at, piece, escaped(piece), None, None, origin))
            else:
                self._take(stream, position + at, piece, None, origin, depth)

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
        origin = stream.origin
        for position, text in lines:
            if json_object(text) is None:
                self._take_alone(stream, (position, text, escaped(text), None, None, origin))
            else:
                self._take(stream, position, text, None, origin, depth)

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
            self.complete.append(record)

    def _unwrap(self, around: _Stream, position: int, read: In, origin: Origin | None, depth: int) -> None:
        """Take the lines in an envelope."""
        name, carried = read
        self._end(around)
        for place, each in enumerate(carried):
            inner = _inner(origin, name, each)
            stream = around if name == TIME_ALONE else self._stream(f"{inner.envelope} {each.stream}")
            self._last = stream if stream is not around else None
            self._take_carried(stream, position + (place << PLACE_IN_ENVELOPE), each, inner, depth + 1)
        while len(self._carried) > _MOST_STREAMS:
            self._end(self._carried.pop(next(iter(self._carried))))

    def _stream(self, key: str) -> _Stream:
        stream = self._carried.get(key)
        if stream is None:
            stream = self._carried[key] = _Stream()
        return stream

    def _take_carried(self, stream: _Stream, position: int, carried: Carried, origin: Origin, depth: int) -> None:
        line, stream.of_records = carried.text, carried.record
        if stream.part:
            position, begun, origin = stream.part
            line, stream.part = begun + line, None
        if carried.partial and len(line) < MOST_BYTES:
            stream.part = position, line, origin
        else:
            self._take(stream, position, line, None, origin, depth)

    def _end(self, stream: _Stream) -> None:
        """End what is open in a stream."""
        if stream.part:
            position, line, origin = stream.part
            stream.part = None
            self._take(stream, position, line, None, origin, _MOST_ENVELOPES)
        if stream.pretty.waiting:
            self._take_all(stream, stream.pretty.given_up(), _MOST_ENVELOPES)
        if stream.record is not None:
            del self._waiting[id(stream)]
            self.complete.append(stream.close())

    def _open(self, stream: _Stream, record: Record, trace: Trace | None = None) -> None:
        """Take a record that may get more lines."""
        stream.open(record, trace)
        self._waiting[id(stream)] = stream


def _place(record: Record) -> tuple[int, int]:
    """Return where a record began: its line, then its place in an envelope."""
    return record[0] & (1 << PLACE_IN_ENVELOPE) - 1, record[0] >> PLACE_IN_ENVELOPE


def _pieces(stream: _Stream, line: bytes) -> Pieces | None:
    """Cut a line that is several objects; None for any other, as for source code in a traceback: `  {"a": 1}["b"]`."""
    pieces = objects(line)
    if pieces and stream.record is not None and line[:1].isspace() and json_object(pieces[-1][1]) is None:
        return None
    return pieces


def _inner(origin: Origin | None, name: str, carried: Carried) -> Origin:
    """Say where a line stood that was in an envelope, which may have been in another."""
    _, time, labels, _, _, level, logger, _ = carried
    if origin is None:
        return Origin(name, time, labels, None, level, logger)
    return Origin(
        f"{origin.envelope}+{name}",
        time or origin.time,
        {**origin.labels, **labels},
        None,
        level or origin.level,
        logger or origin.logger,
    )
