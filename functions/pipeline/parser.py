"""From records to documents: layouts read what a record says, kinds understand what it tells of.

This is the hot path, once per record: bytes stay bytes, and JSON that goes on is read once and written once for all
the documents that have it.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.config import Options, setting, text
from functions.pipeline.documents import LOGS
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.fields import Fields
from functions.pipeline.layouts.dashed import Dashed
from functions.pipeline.layouts.heads import NO_HEAD
from functions.pipeline.layouts.objects import read_object
from functions.pipeline.values import json_value, members, written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from functions.pipeline.documents import Row
    from functions.pipeline.kinds import Found, Kind, ReadText
    from functions.pipeline.records import Record


def _zone(value: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("the name of a time zone, such as UTC or Europe/Paris") from error


class ParserOptions(Options):
    """What the filter lets pass, and the zone of times that name none."""

    filter_pattern: str = setting("PIPELINE_FILTER_PATTERN", text, "API Call - POST /predict")
    timezone: tzinfo = setting("PIPELINE_TIMEZONE", _zone, UTC)


class Parser:
    """Turns records into documents of all kinds."""

    def __init__(self, options: ParserOptions) -> None:
        self._pattern = options.filter_pattern.encode()
        self._timezone = options.timezone
        self.begins = Dashed(options.timezone).begins
        found = kinds().values()
        self._fields = Fields(found)
        self._needs = [(each.name, each.needs) for each in found if each.needs]
        self._readers = _by_first_byte(found)

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
        _, raw, text, head, sent = record
        fields: dict[str, Any]  # what the log document shares with those of other kinds
        if sent is None:
            begun, begun_escaped, own_time, own = head or NO_HEAD
            time = own_time or time
            fields = {"@timestamp": time, "sequence": sequence}
            message, message_text = raw[len(begun) :], text[begun_escaped:]
            read = self._readers.get(message[:1])
            found = read(message, fields, self._fields) if read else None
        else:
            fields = {"@timestamp": time, "sequence": sequence}
            own, message, message_text, found = self._read_object(fields, raw, text, dict(sent))
            time = fields["@timestamp"]
        if "data" in fields:
            own += members({"data": fields.pop("data")})
        shared = written(fields)
        log = (b"{", own, b'"message":"', message_text, b'","raw_log":"', text, b'",', shared[1:])
        documents[LOGS].append((identity, time, b"".join(log)))
        passed = found is not None or self._passes(fields, message)
        if passed:
            for kind, needs in self._needs:
                for name in needs:
                    if name not in fields:
                        break
                else:
                    documents[kind].append((identity, time, shared))
        if found is not None:
            for kind, document in found.items():
                document["@timestamp"], document["sequence"] = time, sequence
                documents[kind].append((identity, time, written(document)))
        return time, passed

    def _passes(self, fields: dict[str, Any], message: bytes) -> bool:
        """Apply the rest of the filter: a POST to /predict, or the pattern or metrics in the message."""
        return (
            (fields.get("http_path") == "/predict" and fields.get("http_method") == "POST")
            or self._pattern in message
            or b"performance_metrics" in message
        )

    def _read_object(
        self, fields: dict[str, Any], raw: bytes, text: bytes, sent: dict[str, Any]
    ) -> tuple[bytes, bytes, bytes, Found]:
        """Read an object by its members.

        Returns:
            Its level and logger as members of a JSON object, its message, the same as it stands in a JSON string, and
            the documents that were found in it.
        """
        time, own, said = read_object(sent, self._timezone)
        if time:
            fields["@timestamp"] = time
        found = None
        message = raw
        if said:
            message, text = said.encode(), orjson.dumps(said)[1:-1]
            read = self._readers.get(message[:1])
            found = read(message, fields, self._fields) if read else None
        return own, message, text, self._fields.take(fields, sent) or found


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
    sent = json_value(message)
    return known.take(fields, sent) if type(sent) is dict else None
