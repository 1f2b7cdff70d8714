"""What triggers the indexer: the objects that were dropped, in whatever envelopes the news of them arrives.

Pure: events in, drops out. Understood are S3 notifications, EventBridge's "Object Created" and Google Cloud Storage's
CloudEvents; each straight, or in SNS, in SQS, or in SNS in SQS.
"""

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

import orjson

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 16  # envelopes around an event; real ones have at most six
_SHOWN = 200  # characters of the names in an event, in an error
_OWN = (
    "cursors/",
    "reindex/",
    "progress/",
    "versions/",
    "reports/",
    "drift/",
    "receipts/",
)  # beside batches
_GCS = "google.cloud.storage.object.v1."


Place = tuple[str, str, str]
"""The scheme, bucket and key of an object."""


class Drop(NamedTuple):
    """An object that was put into a bucket.

    Attributes:
        scheme: the cloud: "s3" or "gs".
        bucket: the bucket's name.
        key: the object's key.
        size: its bytes, as the news says; 0 where that is silent. What is there by now may have others.
    """

    scheme: str
    bucket: str
    key: str
    size: int = 0

    @property
    def place(self) -> Place:
        """What tells it from others."""
        return self[:3]

    @property
    def address(self) -> str:
        """The address of the store that holds it."""
        return f"{self.scheme}://{self.bucket}"


class Message(NamedTuple):
    """One message of a queue, or a whole event that came straight (its `id` is ""), and the drops that it names.

    `error` says why a message is not understood; it has no drops then. `again` tells that it was delivered before.
    """

    id: str
    drops: tuple[Drop, ...]
    error: PermanentError | None = None
    again: bool = False


def from_queue(event: object) -> bool:
    """Say whether an event is a batch of messages from SQS, which wants to know of each if it is finished."""
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return True
    return False


def messages(event: Any) -> list[Message]:  # noqa: ANN401 (it comes from outside)
    """Unwrap an event, message by message. Messages with nothing to index have no drops and no error."""
    if from_queue(event):
        return [_message(_identity(record), record)._replace(again=_again(record)) for record in event["Records"]]
    return [_message("", event)]


def _identity(record: object) -> str:
    match record:
        case {"messageId": str(identity)}:
            return identity
    return ""


def _again(record: object) -> bool:
    match record:
        case {"attributes": {"ApproximateReceiveCount": str(count)}}:
            return count != "1"
    return False


def _message(identity: str, event: object) -> Message:
    try:
        return Message(identity, tuple(drop for drop in _drops(event) if is_batch(drop.key)))
    except PermanentError as error:
        return Message(identity, (), error)


def is_batch(key: str) -> bool:
    """Say whether a key can be that of a batch: neither what a run remembers nor a folder's placeholder."""
    return not key.startswith(_OWN) and not key.endswith("/")


def _drops(event: object, depth: int = 0) -> "Iterator[Drop]":
    if depth > _DEEPEST:
        raise PermanentError("The event has more than {count} envelopes around it. Send it with fewer", count=_DEEPEST)
    match event:
        case str() | bytes():
            yield from _drops(_parsed(event), depth + 1)
        case {"Records": [*records]}:
            for record in records:
                yield from _drops(record, depth + 1)
        case {"eventSource": "aws:sqs", "body": inner} | {"Sns": {"Message": inner}}:
            yield from _drops(inner, depth + 1)
        case {"Type": "Notification", "Message": inner}:  # SNS, as SQS holds it
            yield from _drops(inner, depth + 1)
        case _:
            yield from _news(event)


def _news(event: object) -> "Iterator[Drop]":
    """Read an event without envelopes. News of other kinds from the same services, such as deletions, are no drops."""
    match event:
        case {"Event": "s3:TestEvent"}:  # S3 sends it when a notification is set up
            return
        case {"eventName": str(name), "s3": {"bucket": {"name": bucket}, "object": {"key": str(key), **more}}}:
            if "ObjectCreated:" in name:
                yield _drop("s3", bucket, unquote_plus(key), more.get("size"))  # only these notifications encode keys
        case {
            "source": "aws.s3",
            "detail-type": name,
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, **more}},
        }:
            if name == "Object Created":
                yield _drop("s3", bucket, key, more.get("size"))
        case {"specversion": _, "type": str(name), "data": data} if name.startswith(_GCS):
            if name == f"{_GCS}finalized":
                yield _finalized(data)
        case _:
            raise _not_understood(event)


def _finalized(data: object) -> Drop:
    match _parsed(data) if isinstance(data, str | bytes) else data:
        case {"bucket": bucket, "name": name}:
            return _drop("gs", bucket, name)
    raise _not_understood(data)


def _drop(scheme: str, bucket: object, key: object, size: object = None) -> Drop:
    if isinstance(bucket, str) and isinstance(key, str) and _is_name(bucket) and _is_name(key) and "/" not in bucket:
        return Drop(scheme, bucket, key, size if type(size) is int and size > 0 else 0)
    raise _not_understood({"bucket": bucket, "key": key})


def _is_name(text: str) -> bool:
    """Say whether a text can name anything: it is not empty, nor has half a surrogate pair, as JSON can hold."""
    return text != "" and text.encode("utf-8", "replace").decode() == text


def _parsed(text: str | bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _not_understood(text) from error


def _not_understood(event: object) -> PermanentError:
    return PermanentError(
        "Not an event that names dropped objects: {event}. Send S3, EventBridge or Google Cloud Storage notifications",
        event=_described(event),
    )


def _described(event: object) -> str:
    """Say what something is without showing it: a stranger's message may be a record."""
    if isinstance(event, dict):
        return f"an object with {', '.join(map(str, event))[:_SHOWN] or 'nothing'}"
    if isinstance(event, str | bytes | list):
        return f"{type(event).__name__} of length {len(event)}"
    return type(event).__name__
