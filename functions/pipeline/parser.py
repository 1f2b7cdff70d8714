"""From records to documents: layouts read what a record says, kinds understand what it tells of.

This is the hot path, once per record: bytes stay bytes, and JSON that goes on is read once and written once for all
the documents that have it.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from orjson import JSONDecodeError, dumps, loads

from functions.pipeline.config import one_of, setting
from functions.pipeline.coverage import Coverage
from functions.pipeline.documents import LOGS
from functions.pipeline.filter import Filter, FilterOptions
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.fields import Fields
from functions.pipeline.layouts.dashed import Dashed
from functions.pipeline.layouts.objects import read_object
from functions.pipeline.layouts.registry import Patterns
from functions.pipeline.reader import Reader
from functions.pipeline.records import NO_HEAD, escaped
from functions.pipeline.values import members, written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from functions.pipeline.documents import Row
    from functions.pipeline.kinds import Found, Kind, ReadText
    from functions.pipeline.records import Head, Record


def _zone(value: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("the name of a time zone, such as UTC or Europe/Paris") from error


class ParserOptions(FilterOptions):
    """What the filter lets pass, the zone of times that name none, and whether 01/02/2025 is in February."""

    timezone: tzinfo = setting("PIPELINE_TIMEZONE", _zone, UTC)
    day_first: str = setting("PIPELINE_DAY_FIRST", one_of("yes", "no"), "yes")


class Parser:
    """What all objects are parsed by: layouts, kinds, and what was configured."""

    def __init__(self, options: ParserOptions) -> None:
        found = kinds().values()
        self.filter = Filter(options)
        self.timezone, self.day_first = options.timezone, options.day_first == "yes"
        self.known, self.patterns = Dashed(options.timezone).begins, Patterns()
        self.fields = Fields(found)
        self.needs = [(each.name, each.needs) for each in found if each.needs]
        self.readers = _by_first_byte(found)

    def open(self, made: datetime | None = None) -> Parsing:
        """Begin with an object that was made then."""
        reader = Reader(self.known, self.patterns, self.timezone, day_first=self.day_first, made=made)
        return Parsing(self, reader)


class Parsing:
    """Turns the records of one object into documents of all kinds.

    Attributes:
        reader: reads the object's lines.
        coverage: counts what could not be read.
    """

    def __init__(self, parser: Parser, reader: Reader) -> None:
        self.reader, self.coverage = reader, Coverage()
        self._passes, self._timezone = parser.filter.passes, parser.timezone
        self._fields, self._needs, self._readers = parser.fields, parser.needs, parser.readers

    def parse(
        self, record: Record, time: str, sequence: int, identity: bytes, documents: dict[str, list[Row]]
    ) -> tuple[str, bool]:
        """Parse a record, filter it, and add its documents. Never raises: what cannot be read stays as raw text.

        Args:
            record: the record.
            time: that of the record before it (ISO 8601, in UTC), for the case that it tells none.
            sequence: its number, by which records sort as they were logged.
            identity: the id of all its documents.
            documents: where they go, by kind: one to the log index, whatever the filter says.

        Returns:
            The record's time, and whether it passed the filter.
        """
        _, raw, text, head, _, origin = record
        if head and head[4] is None and origin is None:  # the known layout
            begun, begun_escaped, own_time, own, _ = head
            time = own_time or time
            fields: dict[str, Any] = {"@timestamp": time, "sequence": sequence}  # shared with other kinds
            message, message_text = raw[len(begun) :], text[begun_escaped:]
            read = self._readers.get(message[:1])
            found = read(message, fields, self._fields) if read else None
        else:
            fields = {"@timestamp": time, "sequence": sequence}
            own, message, message_text, text, found = self._read(record, fields)
            time = fields["@timestamp"]
        if "data" in fields:
            own += members({"data": fields.pop("data")})
        try:
            shared = dumps(fields)
        except TypeError:
            shared = written(fields)
        log = (b"{", own, b'"message":"', message_text, b'","raw_log":"', text, b'",', shared[1:])
        documents[LOGS].append((identity, time, b"".join(log)))
        if found is None and not self._passes(fields, message):
            return time, False
        self._write(record, fields, shared, found, identity, documents)
        return time, True

    def _write(  # noqa: PLR0913, PLR0917 (what is known of a record)
        self,
        record: Record,
        fields: dict[str, Any],
        shared: bytes,
        found: Found,
        identity: bytes,
        documents: dict[str, list[Row]],
    ) -> None:
        """Add the documents besides that of the log index, and count a record that has none."""
        time, alone = fields["@timestamp"], found is None
        if found is not None:
            for kind, document in found.items():
                document["@timestamp"], document["sequence"] = time, fields["sequence"]
                try:
                    body = dumps(document)
                except TypeError:
                    body = written(document)
                documents[kind].append((identity, time, body))
        for kind, needs in self._needs:
            for name in needs:
                if name not in fields:
                    break
            else:
                documents[kind].append((identity, time, shared))
                alone = False
        if alone:
            self.coverage.passed_without_document[_place(record)] += 1

    def _read(self, record: Record, fields: dict[str, Any]) -> tuple[bytes, bytes, bytes, bytes, Found]:
        """Read a record of any other form into the event's fields.

        Returns:
            Its level, logger and labels as members of a JSON object, each with a comma after it; its message; the same
            as it stands in a JSON string; the text as it was sent, likewise; and the documents that were found in it.
        """
        _, raw, text, head, sent, origin = record
        if sent is None:
            own_time, own, message, message_text, found = self._read_text(fields, raw, text, head or NO_HEAD)
        else:
            own_time, own, message, message_text, found = self._read_object(fields, raw, text, dict(sent))
        if origin:
            own_time = own_time or origin.time
            text = text if origin.sent is None else origin.sent
            own += members({"labels": dict(origin.labels)}) if origin.labels else b""
        if own_time:
            fields["@timestamp"] = own_time
        if own_time is None or (head is None and sent is None):
            self.coverage.count_unread(_place(record), raw)
            own += b'"unread":true,'
        if sent is not None and "data" in fields:
            self.coverage.look_at(fields, fields["data"])
        return own, message, message_text, text, found

    def _read_text(
        self, fields: dict[str, Any], raw: bytes, text: bytes, head: Head
    ) -> tuple[str | None, bytes, bytes, bytes, Found]:
        """Read a text by its head; return what `_read_object` does."""
        begun, begun_escaped, time, own, more = head
        message, message_text = raw[len(begun) :], text[begun_escaped:]
        if more and more.read_rest:
            told, message = more.read_rest(message)
            own, message_text = own + told, escaped(message)
        found = self._understood(message, fields)
        if more and more.fields:
            found = self._fields.take(fields, dict(more.fields)) or found
        return time, own, message, message_text, found

    def _read_object(
        self, fields: dict[str, Any], raw: bytes, text: bytes, sent: dict[str, Any]
    ) -> tuple[str | None, bytes, bytes, bytes, Found]:
        """Read an object by its members.

        Returns:
            Its own time; its level and logger as members of a JSON object; its message; the same as it stands in a
            JSON string; and the documents that were found in it.
        """
        time, own, said = read_object(sent, self._timezone, self.reader.clock)
        found, message = None, raw
        if said:
            message, text = said.encode("utf-8", "replace"), dumps(said)[1:-1]
            found = self._understood(message, fields)
        return time, own, message, text, self._fields.take(fields, sent) or found

    def _understood(self, message: bytes, fields: dict[str, Any]) -> Found:
        read = self._readers.get(message[:1])
        return read(message, fields, self._fields) if read else None


def _place(record: Record) -> str:
    """Name a record's envelope and its layout."""
    *_, head, sent, origin = record
    layout = "object" if sent is not None else "-" if head is None else head[4].layout if head[4] else "dashed"
    return f"{(origin and origin.envelope) or '-'}/{layout}"


def _by_first_byte(kinds: Iterable[Kind]) -> dict[bytes, ReadText]:
    """Return what reads a message, by the byte that it begins with."""
    readers: dict[bytes, list[ReadText]] = {b"{": [_read_json]}
    for kind in kinds:
        for start in kind.starts:
            readers.setdefault(bytes((start,)), []).extend((kind.read_text,) if kind.read_text else ())
    return {start: _one_of(each) for start, each in readers.items()}


def _one_of(readers: list[ReadText]) -> ReadText:
    """Make one reader of several: the first that finds a document ends the reading."""
    if len(readers) == 1:
        return readers[0]

    def read(message: bytes, fields: dict[str, Any], known: Fields) -> Found:
        return next((found for each in readers if (found := each(message, fields, known)) is not None), None)

    return read


def _read_json(message: bytes, fields: dict[str, Any], known: Fields) -> Found:
    try:
        sent = loads(message)
    except JSONDecodeError:
        return None
    return known.take(fields, sent)  # what begins with a brace is an object
