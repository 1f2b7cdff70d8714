"""CloudWatch Logs: subscription data (through Firehose, Lambda or Kinesis), and the answers of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, text_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    events = sent["logEvents"]
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
        return None
    if sent.get("messageType") == "CONTROL_MESSAGE":
        return []
    labels = chosen(sent, ("owner", "logGroup", "logStream"))
    stream = str(sent.get("logStream", ""))
    return [
        Carried(text_of(each.get("message", each)), clock.count(each.get("timestamp")), labels, stream, record=True)
        for each in events
    ]


ENVELOPE = Envelope(
    name="cloudwatch",
    description="a CloudWatch Logs subscription",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
    members=("logEvents", "logGroup"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"messageType":"DATA_MESSAGE","owner":"12345678901","logGroup":"/ecs/api","logStream":"s",'
                b'"subscriptionFilters":[],"logEvents":[{"id":"0","timestamp":1737369000123,"message":"INFO:     a"},'
                b'{"id":"1","timestamp":1737369001123,"message":"INFO:     b"}]}'
            ),
            (b"INFO:     a", b"INFO:     b"),
        ),
        (
            (
                b'{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"",'
                b'"subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE"}]}'
            ),
            (),
        ),
    ),
)
