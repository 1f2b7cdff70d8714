"""What `aws logs filter-log-events` and `get-log-events` answer: `{"events":[{"timestamp":…,"message":"…"}]}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, text_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


_MEMBERS = frozenset(("logStreamName", "timestamp", "message", "ingestionTime", "eventId"))


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    events = sent["events"]
    if not isinstance(events, list) or not events:
        return None
    if not all(isinstance(each, dict) and each.keys() <= _MEMBERS and _is_event(each) for each in events):
        return None
    return [_carried(each, clock) for each in events]


def _is_event(event: dict[str, Any]) -> bool:
    return isinstance(event.get("message"), str) and "timestamp" in event and "ingestionTime" in event


def _carried(event: dict[str, Any], clock: Clock) -> Carried:
    labels = chosen(event, ("logStreamName",))
    return Carried(text_of(event["message"]), clock.count(event["timestamp"]), labels, str(labels), record=True)


ENVELOPE = Envelope(
    name="cloudwatch-events",
    description="the answers of CloudWatch Logs' API",
    source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html",
    members=("events",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"events":[{"logStreamName":"s","timestamp":1737369000123,"message":"INFO:     a","ingestionTime":'
                b'1737369000456,"eventId":"1"}],"searchedLogStreams":[]}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"nextForwardToken":"f/1","events":[{"timestamp":1737369000123,"message":"INFO:     a",'
                b'"ingestionTime":1737369000456},{"timestamp":1737369000123,"message":"INFO:     b",'
                b'"ingestionTime":1737369000456}]}'
            ),
            (b"INFO:     a", b"INFO:     b"),
        ),
    ),
)
