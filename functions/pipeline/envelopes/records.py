"""Records in an array under `Records`, as AWS's services and those who follow them write files: CloudTrail, S3, …."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, text_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], _clock: Clock) -> list[Carried] | None:
    records = sent["Records"]
    if len(sent) > 1 or not isinstance(records, list) or not records:
        return None
    if not all(isinstance(each, dict | str) for each in records):
        return None
    return [Carried(text_of(each), record=True) for each in records]


ENVELOPE = Envelope(
    name="records",
    description="records in one object, under `Records`",
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html",
    members=("Records",),
    from_object=_from_object,
    samples=(
        (b'{"Records":["INFO:     a","INFO:     b"]}', (b"INFO:     a", b"INFO:     b")),
        (
            b'{"Records":[{"msg":"a","time":"2025-01-20T10:30:00Z"},{"msg":"b","time":"2025-01-20T10:30:01Z"}]}',
            (b'{"msg":"a","time":"2025-01-20T10:30:00Z"}', b'{"msg":"b","time":"2025-01-20T10:30:01Z"}'),
        ),
    ),
)
