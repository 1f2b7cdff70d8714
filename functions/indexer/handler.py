"""The indexer on AWS Lambda: SQS invokes it with messages about drops, or S3, SNS or EventBridge with one event."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.indexer.drops import DropIndexer
from functions.indexer.triggers import from_queue, messages
from functions.pipeline.deadline import Deadline

indexer = cache(DropIndexer)  # made by a container's first invocation, and kept by it


def handler(event: Any, context: object) -> dict[str, Any]:  # noqa: ANN401 (whatever triggers it)
    """Index the objects that an event names.

    Returns:
        To SQS, which messages are not finished: they come again, and in the end to the dead letter queue. To others,
        how many objects the event named.

    Raises:
        ConfigError, TransientError: the configuration cannot be had; everything comes again.
        Exception: what kept an event that came straight from being finished; Lambda sends it again.
    """
    deadline = Deadline(context)
    found = messages(event)
    unfinished = indexer().finish(found, deadline)
    if from_queue(event):
        return {"batchItemFailures": [{"itemIdentifier": message.id} for message, _ in unfinished]}
    for _, error in unfinished:
        raise error
    return {"objects": sum(len(message.drops) for message in found)}
