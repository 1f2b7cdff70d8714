r"""Fluentd's files: `TIME\tTAG\t{…}`, with the line in `log` or `message`, or the record itself as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.envelopes import Carried, Envelope, line_of
from functions.pipeline.records import json_object

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LINE = re.compile(rb"(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d))\t([\w.*-]{1,200})\t(\{.*\})$", re.DOTALL)


def _from_text(line: bytes, clock: Clock) -> list[Carried] | None:
    found = _LINE.match(line) if line[10:11] == b"T" else None
    if found is None:
        return None
    time, tag, text = found.groups()
    return [Carried(_inner(text), clock.read(time.decode()), {"tag": tag.decode()}, tag.decode())]


def _inner(text: bytes) -> bytes:
    """Return the line that is all a record has; else the record, which may be another envelope."""
    sent = json_object(text) or {}
    line = line_of(next(iter(sent.values()))) if sent.keys() in ({"log"}, {"message"}) else None
    return text if line is None else line


ENVELOPE = Envelope(
    name="fluentd",
    description="the files that Fluentd writes",
    source="https://docs.fluentd.org/output/file",
    starts=b"0123456789",
    expressions=(_LINE,),
    from_text=_from_text,
    samples=(
        (b'2025-01-20T10:30:00+00:00\tapi.log\t{"message":"INFO:     a"}', (b"INFO:     a",)),
        (b'2025-01-20T10:30:00+00:00\tapi\t{"level":"info","msg":"a"}', (b'{"level":"info","msg":"a"}',)),
    ),
)
