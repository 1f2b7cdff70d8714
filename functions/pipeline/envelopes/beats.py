"""Filebeat and Elastic Agent: the line in `message`, where it comes from beside it in the names of ECS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, line_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_CARRIER = frozenset(
    (
        *(
            "@timestamp",
            "@metadata",
            "@version",
            "message",
            "agent",
            "beat",
            "cloud",
            "container",
            "data_stream",
            "docker",
        ),
        *("ecs", "elastic_agent", "event", "fields", "host", "input", "kubernetes", "log", "offset", "orchestrator"),
        *("prospector", "source", "stream", "tags", "type"),
    )
)
_LABELS = ("agent", "cloud", "container", "fields", "host", "kubernetes", "log", "tags", "source", "stream")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    log = sent.get("log")
    file = log.get("file") if isinstance(log, dict) else None
    shipped = file or any(isinstance(sent.get(name), dict) for name in ("agent", "beat", "input"))
    line = line_of(sent["message"])
    if line is None or not shipped or not sent.keys() <= _CARRIER or (isinstance(log, dict) and "level" in log):
        return None
    path = file.get("path") if isinstance(file, dict) else sent.get("source")
    stream = f"{path} {sent.get('stream', '')} {_id(sent.get('container'))}"
    return [Carried(line, clock.read(str(sent["@timestamp"])), chosen(sent, _LABELS), stream)]


def _id(container: object) -> object:
    return container.get("id") if isinstance(container, dict) else ""


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
