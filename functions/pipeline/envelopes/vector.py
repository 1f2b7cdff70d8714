"""Vector: the line in `message`, and in `source_type` the source that it came by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, line_of
from functions.pipeline.levels import level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = (
    *("host", "file", "kubernetes", "container_name", "container_id", "image", "stream", "label", "source_type"),
    *("source_id", "PRIORITY", "unit", "appname", "hostname", "procid"),
)
_CARRIER = frozenset(
    (*_LABELS, "timestamp", "message", "offset", "container_created_at", "facility", "severity", "version")
)


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    line = line_of(sent["message"])
    if line is None or not isinstance(sent["source_type"], str) or not sent.keys() <= _CARRIER:
        return None
    stream = f"{sent.get('file', '')} {sent.get('stream', '')} {sent.get('container_id', '')} {_pod(sent)}"
    time = clock.read(str(sent.get("timestamp", "")))
    return [Carried(line, time, chosen(sent, _LABELS), stream, level=level(str(sent.get("severity", ""))))]


def _pod(sent: dict[str, Any]) -> object:
    kubernetes = sent.get("kubernetes")
    return kubernetes.get("pod_name") if isinstance(kubernetes, dict) else ""


ENVELOPE = Envelope(
    name="vector",
    description="Vector",
    source="https://vector.dev/docs/reference/configuration/sources/file/#output-data",
    members=("source_type", "message"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"file":"/var/log/a.log","host":"api-1","message":"INFO:     a","source_type":"file",'
                b'"timestamp":"2025-01-20T11:00:00.123Z"}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
