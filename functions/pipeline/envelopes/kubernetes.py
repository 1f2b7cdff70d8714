"""Records that a collector took out of a container's line and put beside `kubernetes`, the pod it comes from.

So do Fluent Bit and Fluentd once they have parsed a line that was JSON, and OpenShift's collector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, json_of, line_of, without
from functions.pipeline.levels import level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = ("kubernetes", "docker", "stream", "tag", "hostname", "log_type", "openshift", "pipeline_metadata")
_OWN = frozenset((*_LABELS, "date", "logtag", "_p"))
_LINE = frozenset(("message", "@timestamp", "level", "viaq_msg_id", "viaq_index_name"))  # what is beside a plain line


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    pod = sent["kubernetes"]
    if not isinstance(pod, dict) or not isinstance(pod.get("pod_name"), str):
        return None
    record, labels = without(sent, _OWN), chosen(sent, _LABELS)
    stream = f"{pod.get('namespace_name')} {pod['pod_name']} {pod.get('container_name')} {sent.get('stream')}"
    line = line_of(record.get("message")) if record.keys() <= _LINE else None
    if line is None:
        return [Carried(json_of(record), clock.count(sent.get("date")), labels, stream)]
    severity = level(record["level"]) if isinstance(record.get("level"), str) else None
    return [Carried(line, clock.read(str(record.get("@timestamp"))), labels, stream, level=severity)]


ENVELOPE = Envelope(
    name="kubernetes",
    description="a record with the metadata of its pod",
    source="https://docs.fluentbit.io/manual/pipeline/filters/kubernetes",
    members=("kubernetes",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"@timestamp":"2025-01-20T10:30:00.123Z","message":"INFO:     a","level":"error","hostname":"n1",'
                b'"kubernetes":{"pod_name":"api-1","namespace_name":"ml"},"log_type":"application"}'
            ),
            (b"INFO:     a",),
        ),
        (
            b'{"date":1737372600.123,"level":"info","msg":"a","kubernetes":{"pod_name":"api-1","namespace_name":"ml"}}',
            (b'{"level":"info","msg":"a"}',),
        ),
    ),
)
