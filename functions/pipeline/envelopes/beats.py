"""Filebeat and Elastic Agent: the line in `message`, where it comes from beside it in the names of ECS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, line_of, without

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_OWN = ("@timestamp", "@metadata", "@version", "message", "event", "ecs", "offset", "prospector", "input")
_CARRIER = frozenset(
    (
        *(*_OWN, "agent", "beat", "cloud", "container", "data_stream", "docker", "elastic_agent", "fields", "fileset"),
        *("host", "journald", "kubernetes", "log", "orchestrator", "service", "source", "stream", "systemd"),
        *("tags", "type", "winlog"),
    )
)


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    log, line = sent.get("log"), line_of(sent["message"])
    file = log.get("file") if isinstance(log, dict) else None
    shipped = file or any(isinstance(sent.get(name), dict) for name in ("agent", "beat", "input"))
    if line is None or not shipped or not sent.keys() <= _CARRIER or (isinstance(log, dict) and "level" in log):
        return None
    path = file.get("path") if isinstance(file, dict) else sent.get("source")
    stream = f"{path} {sent.get('stream', '')} {_id(sent.get('container'))} {_id(sent.get('agent'))}"
    return [Carried(line, clock.read(str(sent["@timestamp"])), without(sent, _OWN), stream)]


def _id(of: object) -> object:
    return of.get("id") if isinstance(of, dict) else ""


ENVELOPE = Envelope(
    name="beats",
    description="Filebeat and Elastic Agent",
    source="https://www.elastic.co/docs/reference/beats/filebeat/exported-fields",
    members=("@timestamp", "message"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"@timestamp":"2025-01-20T11:00:00.123Z","message":"INFO:     a","log":{"file":{"path":"/a.log"},'
                b'"offset":0},"agent":{"type":"filebeat"},"host":{"name":"api-1"},"input":{"type":"log"}}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"@timestamp":"2025-01-20T11:00:00.123Z","message":"INFO:     a","kubernetes":{"pod":{"name":"a"}},'
                b'"stream":"stderr","input":{"type":"container"}}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
