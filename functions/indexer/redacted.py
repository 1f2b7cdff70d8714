"""Redacts records that were split from a batch: the text, what the envelope says of it, and the text as sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.framing import reread

if TYPE_CHECKING:
    from functions.pipeline.reader import Reader
    from functions.pipeline.records import Record
    from functions.pipeline.redaction import Matches, Redaction


def redacted_record(record: Record, redaction: Redaction, reader: Reader, matches: Matches | None = None) -> Record:
    """Return the record with everything hidden that the rules name; the very same one when there is nothing to hide."""
    record = reread(record, redaction.line(record[1], matches), reader)
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
