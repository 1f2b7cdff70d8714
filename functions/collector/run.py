"""One invocation of the collector, the same on every platform: the configured Space's new lines into the store."""

from __future__ import annotations

import time
from typing import Any

from functions.collector.collect import Collection, CollectorOptions
from functions.pipeline.config import environment as process_environment
from functions.pipeline.config import load
from functions.pipeline.deadline import Deadline
from functions.pipeline.errors import Unauthorized
from functions.pipeline.secrets import Renewal, resolved
from functions.pipeline.telemetry import log, log_failure, ms_since
from functions.pipeline.wiring import collector_options, open_source, open_store, open_tracing

renewal = Renewal()  # for the container's life


def run(context: object = None) -> dict[str, Any]:
    """Collect what is new, until an AWS Lambda context says that the time is nearly over.

    Returns:
        The counts: `lines` taken, `recovered` ones of a run that broke off, the `batches` that both became, possible
        `gaps`; whether all was read that the Space offers (`complete`); and of the lines taken, how many values each
        rule of the redaction hid (`redacted`), and which rules matched nothing.

    Raises:
        ConfigError: the configuration cannot work.
        TransientError: something outside is down; the next run goes on from here.
        PermanentError: the Space can never be read like this, or the store refuses.
    """
    begun, deadline = time.perf_counter(), Deadline(context)
    try:
        collection = _collected(deadline)
    except Exception as error:
        log_failure(error, function="collector", ms=ms_since(begun))
        raise
    counts = _counts(collection)
    log("WARNING" if collection.gaps else "INFO", "collected", function="collector", **counts, ms=ms_since(begun))
    return counts


def _collected(deadline: Deadline) -> Collection:
    """Collect; once more where the credentials are refused and may have been replaced."""
    try:
        return _collected_once(deadline)
    except Unauthorized:
        if not renewal.due():
            raise
    return _collected_once(deadline)


def _collected_once(deadline: Deadline) -> Collection:
    collection = _opened()
    try:
        deadline.run(lambda: _collect(collection, deadline))
    finally:
        collection.tracing.flush()
    return collection


def _opened() -> Collection:
    classes = collector_options()
    environment = resolved(process_environment(), classes)
    *_, options = load(environment, *classes, CollectorOptions)
    tracing = open_tracing(environment, "trilog-collector")
    return Collection(open_source(environment), open_store(environment), options, tracing=tracing)


def _collect(collection: Collection, deadline: Deadline) -> None:
    with collection.tracing.span("collect", {"trilog.source": collection.source.name}):
        for _ in collection.batches():
            if deadline.left <= deadline.reserve:  # so long before, for the next batch may be slow
                collection.stopping.set()


def _counts(collection: Collection) -> dict[str, Any]:
    return {
        "source": collection.source.name,
        "lines": collection.lines,
        "batches": collection.arrived,
        "recovered": collection.recovered,
        "gaps": collection.gaps,
        "complete": not collection.stopping.is_set(),
        "redacted": dict(collection.matches.hidden),
        "redaction_rules_without_a_match": collection.matches.unmatched,
    }
