"""Streams of lines: which of them are one record.

A log has one stream, and one more for each container, pod or log stream whose lines it carries in envelopes: what
belongs together follows each other within a stream only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.ansi import ESCAPE, stripped
from functions.pipeline.pretty import Pretty
from functions.pipeline.records import PLACE_IN_ENVELOPE, Origin, escaped, json_object
from functions.pipeline.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.envelopes import Carried
    from functions.pipeline.pretty import Lines
    from functions.pipeline.reader import In, Reader
    from functions.pipeline.records import Head, Record

MOST_LINES, MOST_BYTES = 1_000, 1 << 20  # of one record made of several lines; what exceeds them begins another record
_MOST_STREAMS = 1_000  # that are followed at once; the one that began first ends when there are more
_MOST_ENVELOPES = 4  # around each other


class _Stream:
    """One stream: the text record that may still get lines, and a line that has come in part."""

    def __init__(self) -> None:
        self.record: Record | None = None
        self.more: list[tuple[bytes, bytes, bytes | None]] = []  # the record's further lines: text, escaped, as sent
        self.size = 0  # bytes of all of them
        self.trace: Trace | None = None  # of a record without a head: only a traceback goes on
        self.part: tuple[int, bytes, Origin] | None = None  # a line's beginning
        self.pretty = Pretty()  # an object that goes over several lines
        self.origin: Origin | None = None  # of those

    def open(self, record: Record, trace: Trace | None = None) -> None:
        """Take a record that may get more lines."""
        self.record, self.size, self.trace = record, len(record[1]), trace

    def extend(self, line: bytes, text: bytes, sent: bytes | None) -> bool:
        """Add a line to the open record; False when it does not belong there, or has no room."""
        if self.record is None or len(self.more) >= MOST_LINES - 1 or self.size + len(line) >= MOST_BYTES:
            return False
        if self.trace and not self.trace.goes_on(line):
            return False
        self.more.append((line, text, sent))
        self.size += len(line) + 1
        return True

    def close(self) -> Record | None:
        """End the open record and return it, but for blank lines at its end: these belong to nobody."""
        record, more = self.record, self.more
        self.record, self.more = None, []
        while more and not more[-1][0].strip():
            more.pop()
        return _joined(record, more) if record and more else record


def _joined(record: Record, more: list[tuple[bytes, bytes, bytes | None]]) -> Record:
    """Return a record with the lines that belong to it."""
    position, raw, text, head, fields, origin = record
    lines, texts, sents = zip((raw, text, origin and origin.sent), *more, strict=True)
    if any(sent is not None for sent in sents):
        sent = b"\\n".join(text if sent is None else sent for text, sent in zip(texts, sents, strict=True))
        origin = (origin or Origin())._replace(sent=sent)
    return position, b"\n".join(lines), b"\\n".join(texts), head, fields, origin


class Streams:
    """The streams of one object; takes its lines one by one, and yields the records that are complete."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._bare = _Stream()
        self._carried: dict[str, _Stream] = {}

    @property
    def opened(self) -> bool:
        """Whether a record is not complete yet."""
        return self._bare.record is not None or self._bare.pretty.waiting or bool(self._carried)

    def open(self, record: Record) -> None:
        """Take a text record of one line that may get more."""
        self._bare.open(record)

    def take(self, position: int, line: bytes, text: bytes | None = None, *, whole: bool = False) -> Iterator[Record]:
        """Take a line that is in no stream but the log's own.

        Args:
            position: where it is; see `Record`.
            line: the line.
            text: the same, escaped; None to have that done.
            whole: it is a record by itself, whatever is around it.
        """
        yield from self._take(self._bare, position, line, text, None)
        if whole:
            yield from self._end(self._bare)

    def close(self) -> Iterator[Record]:
        """Yield the records that have waited for more lines, in order."""
        waiting = [record for each in (self._bare, *self._carried.values()) for record in self._end(each)]
        self._carried.clear()
        yield from sorted(waiting, key=lambda record: record[0])

    def _take(  # noqa: PLR0913, PLR0917 (a record's parts)
        self, stream: _Stream, position: int, line: bytes, text: bytes | None, origin: Origin | None, depth: int = 0
    ) -> Iterator[Record]:
        sent = None
        if ESCAPE in line:
            sent = escaped(line) if text is None else text
            line, text = stripped(line), None
        text = escaped(line) if text is None else text
        own = origin if sent is None else (origin or Origin())._replace(sent=sent)
        if stream.pretty.waiting:
            stream.origin = stream.origin or origin
            yield from self._take_all(stream, stream.pretty.take(position, line), depth)
            return
        read = self._read(line, depth)
        if isinstance(read, dict):
            yield from self._end(stream)
            yield position, line, text, None, read, own
        elif read is None:
            if stream.record is None and stream.pretty.begins(line):
                stream.origin = origin
                stream.pretty.take(position, line)
            elif not stream.extend(line, text, sent):
                yield from self._alone(stream, (position, line, text, None, None, own))
        elif isinstance(read[0], str):
            yield from self._unwrap(stream, position, read, origin, depth)
        else:
            yield from self._end(stream)
            stream.open((position, line, text, read, None, own))

    def _read(self, line: bytes, depth: int) -> Head | In | dict[str, Any] | None:
        """Read a line; beyond so many envelopes, what looks like another is a record."""
        fields = json_object(line) if line else None
        if fields is not None:
            return (self._reader.read_object(fields) if depth < _MOST_ENVELOPES else None) or fields
        if not line.strip():
            return None
        return self._reader.known(line) or self._reader.read(line, wrapped=depth < _MOST_ENVELOPES)

    def _take_all(self, stream: _Stream, lines: Lines, depth: int) -> Iterator[Record]:
        """Take what an object over several lines has become: one text, or its lines as they are."""
        origin = stream.origin
        for position, text in lines:
            if json_object(text) is None:
                yield from self._alone(stream, (position, text, escaped(text), None, None, origin))
            else:
                yield from self._take(stream, position, text, None, origin, depth)

    def _alone(self, stream: _Stream, record: Record) -> Iterator[Record]:
        """Take a line that no layout knows, and that belongs to no record before it."""
        full = stream.record is not None and stream.trace is None
        yield from self._end(stream)
        if not record[1].strip() or stream.pretty.is_bracket(record[1]):
            return
        trace = Trace.begun_by(record[1])
        if full or trace:  # what has no room in the record before it is a text record of its own
            stream.open(record, None if full else trace)
        else:
            yield record

    def _unwrap(self, around: _Stream, position: int, read: In, origin: Origin | None, depth: int) -> Iterator[Record]:
        """Take the lines in an envelope."""
        name, carried = read
        yield from self._end(around)
        for place, each in enumerate(carried):
            inner = _inner(origin, name, each)
            stream = self._carried.setdefault(f"{inner.envelope} {each.stream}", _Stream())
            yield from self._take_carried(stream, position + (place << PLACE_IN_ENVELOPE), each, inner, depth + 1)
        while len(self._carried) > _MOST_STREAMS:
            yield from self._end(self._carried.pop(next(iter(self._carried))))

    def _take_carried(
        self, stream: _Stream, position: int, carried: Carried, origin: Origin, depth: int
    ) -> Iterator[Record]:
        line = carried.text
        if stream.part:
            position, begun, origin = stream.part
            line, stream.part = begun + line, None
        if carried.partial and len(line) < MOST_BYTES:
            stream.part = position, line, origin
        else:
            yield from self._take(stream, position, line, None, origin, depth)

    def _end(self, stream: _Stream) -> Iterator[Record]:
        if stream.part:
            position, line, origin = stream.part
            stream.part = None
            yield from self._take(stream, position, line, None, origin, _MOST_ENVELOPES)
        if stream.pretty.waiting:
            yield from self._take_all(stream, stream.pretty.given_up(), _MOST_ENVELOPES)
        record = stream.close()
        if record:
            yield record


def _inner(origin: Origin | None, name: str, carried: Carried) -> Origin:
    """Say where a line stood that was in an envelope, which may have been in another."""
    if origin is None:
        return Origin(name, carried.time, carried.labels)
    labels = {**origin.labels, **carried.labels}
    return Origin(f"{origin.envelope}+{name}", carried.time or origin.time, labels)
