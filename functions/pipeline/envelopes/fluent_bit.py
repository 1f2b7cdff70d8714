"""Fluent Bit, and the collectors of clouds that are made of it: the line in `log`.

Its time is in `date` (seconds since 1970) or `time`; filters add where the line comes from. FireLens and Docker's
fluentd driver send the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, line_of, without

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_OWN = ("date", "log", "time", "timestamp", "_p", "logtag")
_PARTIAL = ("partial_message", "partial_id", "partial_ordinal", "partial_last")
_CARRIER = frozenset(
    (
        *(*_OWN, *_PARTIAL, "kubernetes", "stream", "container_name", "container_id", "source", "tag", "host"),
        *("ecs_cluster", "ecs_task_arn", "ecs_task_definition", "ec2_instance_id"),
    )
)
_TELLING = ("date", "container_id", "logtag", "_p")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    line, pod = line_of(sent["log"]), sent.get("kubernetes")
    if line is None:
        return None
    if not isinstance(pod, dict) and (not sent.keys() <= _CARRIER or sent.keys().isdisjoint(_TELLING)):
        return None
    time = next((sent[name] for name in ("date", "time", "timestamp") if name in sent), None)
    written = clock.read(time) if isinstance(time, str) else clock.count(time)
    if written is None and "date" in sent:
        return None
    labels = without(sent, (*_OWN, *_PARTIAL))
    stream = f"{sent.get('stream', sent.get('source', ''))} {sent.get('container_id', '')} {_pod(pod)}"
    return [Carried(line, written, labels, stream, partial=_is_partial(sent))]


def _is_partial(sent: dict[str, Any]) -> bool:
    if "P" in (sent.get("logtag"), sent.get("_p")):
        return True
    return sent.get("partial_message") == "true" and sent.get("partial_last") != "true"


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
                b'[{"date":1737372600.123,"log":"a long ","stream":"stdout","logtag":"P"},'
                b'{"date":1737372600.124,"log":"line","stream":"stdout","logtag":"F"}]'
            ),
            (b"a long line",),
        ),
        (
            (
                b'{"log":"INFO:     a\\n","stream":"stderr","kubernetes":{"pod_name":"api-1","namespace_name":"ml",'
                b'"container_name":"api"}}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"source":"stdout","log":"INFO:     a","container_id":"e54-1","container_name":"/ecs-api",'
                b'"ecs_cluster":"ml","ecs_task_arn":"arn:aws:ecs:eu-west-3:1:task/ml/e54","ecs_task_definition":"api:1"}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
