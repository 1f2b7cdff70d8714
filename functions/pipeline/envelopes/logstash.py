"""Logstash: the line in `event.original`, as it was before all filters, or in `message`, with `@version`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, line_of, without

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_OWN = ("@timestamp", "@version", "message", "event")
_CARRIER = frozenset((*_OWN, "host", "path", "type", "tags", "port", "log", "fields", "input"))


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    event, line = sent.get("event"), line_of(sent["message"])
    original = line_of(event.get("original")) if isinstance(event, dict) else None
    if line is None or not sent.keys() <= _CARRIER:  # what has a level, say, is a record that a program sent itself
        return None
    stream = f"{sent.get('host')} {sent.get('path', sent.get('log'))}"
    labels = without(sent, _OWN)
    return [Carried(line if original is None else original, clock.read(str(sent["@timestamp"])), labels, stream)]


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
        (
            (
                b'{"@timestamp":"2025-01-20T11:00:00.123Z","@version":"1","message":"a","event":{"original":'
                b'"INFO:     a"},"host":{"name":"api-1"},"log":{"file":{"path":"/var/log/a.log"}}}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
