"""Whatever is sent as an event, each of its messages names objects, or is told apart as not understood."""

from __future__ import annotations

import json
from pathlib import Path

from functions.indexer.triggers import from_queue, messages
from functions.pipeline.errors import PermanentError

EVENTS = Path(__file__).parents[1] / "events"
_DROPPED = (
    b'{"source": "aws.s3", "detail-type": "Object Created", '
    b'"detail": {"bucket": {"name": "b"}, "object": {"key": "\\ud83d"}}}'
)
SEEDS = [
    *(json.dumps(json.loads(path.read_text())).encode() for path in sorted(EVENTS.glob("*.json"))),
    b'{"Records": [{"eventSource": "aws:sqs"}, 5]}',
    _DROPPED,
]


def target(data: bytes) -> None:
    """Unwrap the bytes as they came, as the JSON that they are, and as a message of a queue."""
    _check(data)
    _check(_in_queue(data.decode("utf-8", "replace")))
    try:
        event = json.loads(data)  # as Lambda does it: half a surrogate pair, and NaN, are taken
    except (ValueError, RecursionError):
        return
    _check(event)
    _check(_in_queue(event))


def _in_queue(body: object) -> dict[str, object]:
    return {"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body}]}


def _check(event: object) -> None:
    found = messages(event)
    assert found or from_queue(event)
    for message in found:
        assert isinstance(message.id, str)
        if message.error:
            assert isinstance(message.error, PermanentError)
            assert not message.drops
            assert len(str(message.error)) < 1000
        for drop in message.drops:
            assert drop.bucket
            assert "/" not in drop.bucket
            assert not drop.key.startswith("cursors/")
            assert drop.key.encode()  # or the store could not be asked for it
