"""What `aws logs filter-log-events` and `get-log-events` answer: `{"events":[{"timestamp":…,"message":"…"}]}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, line_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    events = sent["events"]
    if not isinstance(events, list) or not events:
        return None
    if not all(isinstance(each, dict) and "message" in each and "ingestionTime" in each for each in events):
        return None
    return [
        Carried(
            line, clock.count(each.get("timestamp")), chosen(each, ("logStreamName",)), str(each.get("logStreamName"))
        )
        for each in events
        if (line := line_of(each["message"])) is not None
    ]


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
    ),
)
