"""Redacts records that were split from a batch: the text, what the envelope says of it, and the text as sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from functions.pipeline.records import NO_HEAD, escaped, json_object

if TYPE_CHECKING:
    from functions.pipeline.reader import Reader
    from functions.pipeline.records import Head, Record
    from functions.pipeline.redaction import Matches, Redaction


def redacted_record(record: Record, redaction: Redaction, reader: Reader, matches: Matches | None = None) -> Record:
    """Return the record with everything hidden that the rules name; the very same one when there is nothing to hide."""
    record = _reread(record, redaction.line(record[1], matches), reader)
    origin = record[-1]
    if origin is None:
        return record
    labels, fields = redaction.labels(origin.labels, matches), redaction.labels(origin.fields, matches)
    sent = origin.sent
    if sent is not None and redaction.line(sent) is not sent:  # in an escape sequence, such as the address of a link
        sent = None
    if labels is origin.labels and fields is origin.fields and sent is origin.sent:
        return record
    return *record[:-1], origin._replace(labels=labels, fields=fields, sent=sent)


def _reread(record: Record, raw: bytes, reader: Reader) -> Record:
    """Make the record that another text has at the place of one; what was taken off the text before is gone then."""
    position, before, _, head, fields, origin = record
    if raw is before:
        return record
    origin = origin and origin._replace(sent=None)
    if fields is not None:
        return position, raw, escaped(raw), None, _members(raw, reader), origin
    return position, raw, escaped(raw), _head(raw, head, reader) if head else None, None, origin


def _head(raw: bytes, before: Head, reader: Reader) -> Head | None:
    """Find the head of a text again, with the time that it had: a time of day depends on where it is read."""
    found = reader.read_again(raw.partition(b"\n")[0])
    if not found or len(found) != len(NO_HEAD):  # only heads have so many
        return None
    begun, escapes, time, members, more = cast("Head", found)
    return begun, escapes, time and before[2], members, more


def _members(raw: bytes, reader: Reader) -> dict[str, Any] | None:
    """Read the members of an object again, or of what is written like one."""
    found = json_object(raw) or reader.read_again(raw)
    return found if isinstance(found, dict) else None
