"""Fluent Bit: the line in `log`, its time in `date` (seconds since 1970), and what its filters add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, line_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = (
    "kubernetes",
    "stream",
    "container_name",
    "container_id",
    "source",
    "ecs_cluster",
    "ecs_task_arn",
    "tag",
    "host",
)
_CARRIER = frozenset((*_LABELS, "date", "log", "time", "_p", "timestamp", "ecs_task_definition", "ec2_instance_id"))


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    line = line_of(sent["log"])
    if line is None or not sent.keys() <= _CARRIER or sent.keys().isdisjoint(("date", "kubernetes", "container_id")):
        return None
    date = sent.get("date", sent.get("time"))
    time = clock.read(date) if isinstance(date, str) else clock.count(date)
    stream = f"{sent.get('stream', '')} {sent.get('container_id', '')} {_pod(sent.get('kubernetes'))}"
    return [Carried(line, time, chosen(sent, _LABELS), stream, partial=sent.get("_p") == "P")]


def _pod(kubernetes: object) -> str:
    if not isinstance(kubernetes, dict):
        return ""
    return f"{kubernetes.get('pod_id', kubernetes.get('pod_name'))} {kubernetes.get('container_name')}"


ENVELOPE = Envelope(
    name="fluent-bit",
    description="Fluent Bit, also as AWS FireLens",
    source="https://docs.fluentbit.io/manual/pipeline/outputs/http",
    members=("log",),
    from_object=_from_object,
    samples=(
        (b'{"date":1737372600.123,"log":"INFO:     a"}', (b"INFO:     a",)),
        (
            (
                b'{"log":"INFO:     a\\n","stream":"stderr","kubernetes":{"pod_name":"api-1","namespace_name":"ml",'
                b'"container_name":"api"}}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
