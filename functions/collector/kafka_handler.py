"""The collector of Kafka topics on AWS Lambda: an event source mapping invokes it with messages.

Each partition has the same cursor and the same batches as when `trilog` reads the topic, so that what Lambda hands over
twice, or after `trilog` has read it, is stored once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions.collector.collect import Collection, CollectorOptions
from functions.pipeline.codecs.options import CodecOptions
from functions.pipeline.config import environment as process_environment
from functions.pipeline.config import load
from functions.pipeline.deadline import Deadline
from functions.pipeline.errors import TrilogError
from functions.pipeline.redaction.matches import summed
from functions.pipeline.secrets import resolved
from functions.pipeline.telemetry import log, log_failure, ms_since
from functions.pipeline.wiring import collector_options, open_event, open_store

if TYPE_CHECKING:
    from collections.abc import Sequence


def handler(event: object, context: object) -> dict[str, Any]:
    """Store an event's messages, and return the counts.

    Raises:
        ConfigError, PermanentError: the configuration cannot work, the store refuses, or it is no event of Kafka's.
        TransientError: the store is down. Lambda hands the messages over again; those that are stored are left out.
    """
    begun, deadline = time.perf_counter(), Deadline(context)
    try:
        collections = _opened(event)
        deadline.run(lambda: _collect(collections, deadline))
    except Exception as error:
        log_failure(error, function="kafka", ms=ms_since(begun))
        raise
    counts = _counts(collections)
    severity = "WARNING" if counts["gaps"] else "INFO"
    log(severity, "collected", function="kafka", **counts, ms=ms_since(begun))
    return counts


def _opened(event: object) -> list[Collection]:
    classes = collector_options()
    environment = resolved(process_environment(), classes)
    *_, options = load(environment, *classes, CodecOptions, CollectorOptions)
    store = open_store(environment)
    return [Collection(each, store, options) for each in open_event(environment, event)]


def _collect(collections: Sequence[Collection], deadline: Deadline) -> None:
    """Collect each partition, even if another cannot be; raise what kept the first one from it."""
    failures = list[TrilogError]()
    for each in collections:
        try:
            for _ in each.batches():
                deadline.check()
        except TrilogError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _counts(collections: Sequence[Collection]) -> dict[str, Any]:
    matches = summed(each.matches for each in collections)
    return {
        "sources": [each.source.name for each in collections],
        "lines": sum(each.lines for each in collections),
        "batches": sum(each.arrived for each in collections),
        "recovered": sum(each.recovered for each in collections),
        "gaps": sum(each.gaps for each in collections),
        "redacted": dict(matches.hidden),
    }
