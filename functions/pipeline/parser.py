"""From records to documents: layouts read what a record says, kinds understand what it tells of.

This is the hot path, once per record: bytes stay bytes, and JSON that goes on is read once and written once for all
the documents that have it.
"""

from __future__ import annotations

from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orjson import JSONDecodeError, dumps, loads

from functions.pipeline.config import one_of, setting
from functions.pipeline.coverage import Coverage
from functions.pipeline.documents import LOGS, PARTS
from functions.pipeline.filter import Filter, FilterOptions
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.fields import Fields
from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.layouts.dashed import Dashed
from functions.pipeline.layouts.heads import level_and_logger
from functions.pipeline.layouts.objects import read_object
from functions.pipeline.reader import Reader
from functions.pipeline.records import NO_HEAD, Origin, escaped
from functions.pipeline.values import members, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, tzinfo

    from functions.pipeline.config import Options
    from functions.pipeline.documents import Row
    from functions.pipeline.kinds import Found, Kind, MakePart, ReadText
    from functions.pipeline.layouts.registry import Patterns
    from functions.pipeline.own import Own
    from functions.pipeline.records import More, Record


def _zone(value: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("the name of a time zone, such as UTC or Europe/Paris") from error


_REMEMBERED = 4096  # of what heads tell
_NOWHERE = Origin()  # of a record that stood there as it is
_UNREAD = b'"unread":true,'
_LONGEST_LEVEL = 40  # bytes of a level as a member of a JSON object, and the name of the logger after it


class ParserOptions(FilterOptions):
    """What the filter lets pass, the zone of times that name none, and whether 01/02/2025 is in February."""

    timezone: tzinfo = setting("PIPELINE_TIMEZONE", _zone, UTC)
    day_first: str = setting("PIPELINE_DAY_FIRST", one_of("yes", "no"), "yes")


class Parser:
    """What all objects are parsed by: layouts, kinds, and what was configured."""

    def __init__(
        self, options: ParserOptions, own: Own | None = None, of_kinds: Mapping[str, Options] | None = None
    ) -> None:
        found = kinds().values()
        self.own = own
        self.filter = Filter(options)
        self.timezone, self.day_first = options.timezone, options.day_first == "yes"
        self.known = Dashed(options.timezone).begins
        self.fields = Fields(found, own.fields if own else (), of_kinds)
        self.needs = [(each.name, each.needs) for each in found if each.needs]
        self.parts = _by_whole(each for each in found if _is_on(self.fields.options.get(each.name)))
        self.readers = _by_first_byte(found)

    @cached_property
    def patterns(self) -> Patterns:
        """The other layouts; most logs of the first users need none, and a cold start does without."""
        from functions.pipeline.layouts.registry import Patterns

        return Patterns()

    def open(self, made: datetime | None = None) -> Parsing:
        """Begin with an object that was made then."""
        if self.own:
            from functions.pipeline.own.parsing import open_own

            return open_own(self, self.own, made)
        reader = Reader(self.known, lambda: self.patterns, self.timezone, day_first=self.day_first, made=made)
        return Parsing(self, reader)


class Parsing:
    """Turns the records of one object into documents of all kinds.

    Attributes:
        reader: reads the object's lines.
        coverage: counts what could not be read.
    """

    def __init__(self, parser: Parser, reader: Reader) -> None:
        self.reader, self.coverage = reader, Coverage()
        self._taken: dict[int, tuple[More, dict[str, Any], bytes, Found]] = {}
        self._last_labels: Mapping[str, Any] = {}
        self._written_labels = b""
        self._passes, self._timezone, self._parts = parser.filter.passes, parser.timezone, parser.parts
        self._fields = parser.fields.of_log(reader.clock_of_records)
        self._needs, self._readers = parser.needs, parser.readers

    def parse(  # noqa: C901, PLR0912 (in one piece: each call is felt in what a line costs)
        self, record: Record, time: str, sequence: int, identity: bytes, documents: dict[str, list[Row]]
    ) -> tuple[str, bool]:
        """Add a record's documents, by kind; return its time, and whether it passed the filter. Never raises.

        `time` is that of the record before it, for the case that it tells none; records sort by `sequence`.
        """
        _, raw, text, head, sent, origin = record
        if sent is None:
            begun, begun_escaped, own_time, own, more = head or NO_HEAD
            time = own_time or (origin and origin.time) or time
            fields: dict[str, Any] = {"@timestamp": time, "sequence": sequence}  # shared with other kinds
            message, message_text = raw[len(begun) :], text[begun_escaped:]
            if more and more.read_rest:
                own, message, message_text = _rest(more.read_rest, own, message)
            read = self._readers.get(message[:1])
            found = read(message, fields, self._fields) if read else None
            own, found = self._take(more, fields, own, found) if more and more.fields else (own, found)
        else:
            fields = {"@timestamp": (origin and origin.time) or time, "sequence": sequence}
            own_time, own, message, message_text, found = self._read_object(record, fields, dict(sent))
            fields["@timestamp"] = time = own_time or fields["@timestamp"]
        if origin or own_time is None:
            own, text = self._describe(record, own_time, own)
            found = self._take_told(fields, origin.fields, found) if origin and origin.fields else found
        if "data" in fields:
            own += members({"data": flattened(fields.pop("data"))})
        try:
            shared = dumps(fields)
        except TypeError:
            shared = written(fields)
        log = (b"{", own, b'"message":"', message_text, b'","raw_log":"', text, b'",', shared[1:])
        documents[LOGS].append((identity, time, b"".join(log)))
        if found is None and not self._passes(fields, message):
            if "result" in fields and "input_data" in fields:
                self.coverage.no_predictions[place(record)] += 1
            return time, False
        alone = found is None
        for kind, needs in self._needs:
            for name in needs:
                if name not in fields:
                    break
            else:
                documents[kind].append((identity, time, shared))
                alone = False
        if alone:
            self.coverage.passed_without_document[place(record)] += 1
        if found:
            self._add_found(found, fields, identity, documents)
        return time, True

    def counted(self) -> Coverage:
        """Return the coverage, with what the reader has counted."""
        self.coverage.ambiguous = self.reader.ambiguous
        self.coverage.control_messages = self.reader.control_messages
        return self.coverage

    def _add_found(
        self, found: dict[str, dict[str, Any]], told: dict[str, Any], identity: bytes, documents: dict[str, list[Row]]
    ) -> None:
        """Add the documents that were found in a record, which tells their time and sequence, and those in them."""
        time: str = told["@timestamp"]
        for kind, document in found.items():
            document["@timestamp"], document["sequence"] = time, told["sequence"]
            documents[kind].append((identity, time, written(document)))
            for part, field, make in self._parts.get(kind, ()):
                if document.get(field):
                    rows = documents[part]
                    for (rank, end), each in zip(PARTS, document[field]):  # noqa: B905 (the rest are in the whole only)
                        rows.append((identity + end, time, written(make(document, each, rank))))

    def _describe(self, record: Record, own_time: str | None, own: bytes) -> tuple[bytes, bytes]:
        """Say where a record stood, and whether it was read.

        Returns:
            The members that the log document has of its own, with the labels; and the text as it was sent.
        """
        _, raw, text, head, sent, origin = record
        _, time, labels, as_sent, level, logger, _ = origin or _NOWHERE
        header = time and (level or logger)  # which is as good as a layout
        unread = b""
        unknown = head is None and sent is None and not header
        if ((own_time or time) is None or unknown) and not own.endswith(_UNREAD):
            self.coverage.count_unread(place(record), raw, untimed=not unknown)
            unread = _UNREAD
        if labels:
            own += self._labels(labels)
        if level or logger:
            own = _lacking(own, level, logger) + own
        return own + unread, text if as_sent is None else as_sent

    def _take(self, more: More, fields: dict[str, Any], own: bytes, found: Found) -> tuple[bytes, Found]:
        """Take what a head tells besides; most heads tell the same as others, so what becomes of it is remembered."""
        seen = self._taken.get(id(more))
        if seen is None or seen[0] is not more:
            seen = self._taken_anew(more)
        _, told, data, documents = seen
        if documents is not None or ("data" in fields and data):
            return own, self._fields.take(fields, dict(more.fields or {})) or found
        fields |= told
        return own + data, found

    def _taken_anew(self, more: More) -> tuple[More, dict[str, Any], bytes, Found]:
        told: dict[str, Any] = {}
        documents = self._fields.take(told, dict(more.fields or {}))
        data = members({"data": told.pop("data")}) if "data" in told else b""
        if len(self._taken) >= _REMEMBERED:
            self._taken.clear()
        self._taken[id(more)] = more, told, data, documents
        return self._taken[id(more)]

    def _take_told(self, fields: dict[str, Any], sent: Mapping[str, Any], found: Found) -> Found:
        """Take what an envelope tells of the event; what its record tells otherwise stays, with the other beside it."""
        told = dict(sent)
        taken: dict[str, Any] = {}
        found = self._fields.take(taken, dict(told)) or found
        data = taken.pop("data", {})
        if any(fields.get(name, value) != value for name, value in taken.items()):
            data = {**told, **data}
        if data or "data" in fields:
            fields["data"] = {**data, **fields.get("data", {})}
        for name, value in taken.items():
            fields.setdefault(name, value)
        return found

    def _labels(self, labels: Mapping[str, Any]) -> bytes:
        """Write labels as a member of a JSON object; records that follow each other often have the same."""
        if labels is not self._last_labels and labels != self._last_labels:
            self._last_labels, self._written_labels = labels, members({"labels": dict(labels)})
        return self._written_labels

    def _read_object(
        self, record: Record, fields: dict[str, Any], sent: dict[str, Any]
    ) -> tuple[str | None, bytes, bytes, bytes, Found]:
        """Read an object by its members, which are taken out of it.

        Returns:
            Its own time; its level and logger as members of a JSON object; its message; the same as it stands in a
            JSON string; and the documents that were found in it.
        """
        _, message, text, *_ = record
        time, own, said = told = read_object(sent, self._timezone, self.reader.clock_of_records)
        found: Found = None
        if said:
            message, text = said.encode("utf-8", "replace"), dumps(said)[1:-1]
            read = self._readers.get(message[:1])
            found = read(message, fields, self._fields) if read else None
        found = self._fields.take(fields, sent, told) or found
        if found:
            time = next((each["@timestamp"] for each in found.values() if "@timestamp" in each), time)
        if fields.pop("unread", False):
            self.coverage.count_unread(place(record), record[1])
            own += _UNREAD
        if "data" in fields:
            self.coverage.look_at(fields, fields["data"])
        return time, own, message, text, found


def _rest(read_rest: Callable[[bytes], tuple[bytes, bytes]], own: bytes, message: bytes) -> tuple[bytes, bytes, bytes]:
    """Read what follows a head, where more than a message does; return the members, the message, and that escaped."""
    told, message = read_rest(message)
    return own + told, message, escaped(message)


def _lacking(own: bytes, level: str | None, logger: str | None) -> bytes:
    """Return the level and the logger that an envelope tells, and the record does not, as members."""
    has_logger = b'"logger":' in own[:_LONGEST_LEVEL] or own.startswith(b'"logger":')
    return level_and_logger(None if own.startswith(b'"level":') else level, None if has_logger else logger)


def place(record: Record) -> str:
    """Name a record's envelope and its layout."""
    *_, head, sent, origin = record
    layout = "object" if sent is not None else "-" if head is None else head[4].layout if head[4] else "dashed"
    return f"{(origin and origin.envelope) or '-'}/{layout}"


def _is_on(options: Options | None) -> bool:
    """Say whether a kind has documents: one with a switch has none while that is off."""
    return getattr(options, "switch", "on") == "on"


def _by_whole(kinds: Iterable[Kind]) -> dict[str, list[tuple[str, str, MakePart]]]:
    """Return the kinds whose documents are parts, by the kind of the whole: name, field, and what makes one."""
    parts: dict[str, list[tuple[str, str, MakePart]]] = {}
    for kind in kinds:
        if kind.part_of:
            parts.setdefault(kind.part_of.kind, []).append((kind.name, kind.part_of.field, kind.part_of.make))
    return parts


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
