"""Records of Kinesis as AWS Lambda is invoked with them: in base64, and one or several lines each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen
from functions.pipeline.packed import content_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    kinesis = sent["kinesis"]
    content = content_of(kinesis)
    if content is None:
        return None
    time = clock.count(kinesis.get("approximateArrivalTimestamp"))
    labels, stream = chosen(sent, ("eventSourceARN", "awsRegion")), str(kinesis.get("partitionKey"))
    return [Carried(line, time, labels, stream) for line in content.splitlines()]


ENVELOPE = Envelope(
    name="kinesis",
    description="Kinesis records as AWS Lambda gets them",
    source="https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html",
    members=("kinesis", "eventSource"),
    from_object=_from_object,
    samples=(
        (
            b'{"kinesis":{"partitionKey":"1","data":"SU5GTzogICAgIGE="},"eventSource":"aws:kinesis"}',
            (b"INFO:     a",),
        ),
        (
            (
                b'{"kinesis":{"partitionKey":"1","data":"SU5GTzogICAgIGEKSU5GTzogICAgIGI=",'
                b'"approximateArrivalTimestamp":1737369000.123},"eventSource":"aws:kinesis","awsRegion":"eu-west-3"}'
            ),
            (b"INFO:     a", b"INFO:     b"),
        ),
    ),
)
