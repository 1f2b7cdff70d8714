"""Logstash: the line in `message`, or before its filters in `event.original`, with `@version`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, line_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = ("host", "path", "type", "tags", "port", "log", "fields")
_CARRIER = frozenset((*_LABELS, "@timestamp", "@version", "message", "event"))


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    line = line_of(sent["message"])
    if line is None or not sent.keys() <= _CARRIER:  # what has a level, say, is a record that a program sent itself
        return None
    stream = f"{sent.get('host')} {sent.get('path', sent.get('log'))}"
    return [Carried(line, clock.read(str(sent["@timestamp"])), chosen(sent, _LABELS), stream)]


ENVELOPE = Envelope(
    name="logstash",
    description="Logstash",
    source="https://www.elastic.co/docs/reference/logstash/event-api",
    members=("@version", "@timestamp", "message"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"@timestamp":"2025-01-20T11:00:00.123Z","@version":"1","message":"INFO:     a","host":"api-1",'
                b'"path":"/var/log/a.log"}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
