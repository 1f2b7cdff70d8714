"""Indexing of drops, the same on every platform; what the first one opens is kept for those after it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from functions.indexer.configured import configured_indexing
from functions.indexer.index import Tally
from functions.pipeline.config import environment as process_environment
from functions.pipeline.config import load
from functions.pipeline.documents import LOGS
from functions.pipeline.errors import ConfigError, Unauthorized
from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from functions.pipeline.secrets import Renewal, resolved
from functions.pipeline.store import Store, StoreOptions, address_bucket
from functions.pipeline.telemetry import log, log_counters, log_failure, ms_since
from functions.pipeline.wiring import indexer_options, open_chosen_sink, open_tracing

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from functions.indexer.triggers import Drop, Message
    from functions.pipeline.deadline import Deadline
    from functions.pipeline.sinks import Sink


class DropIndexer:
    """Indexes drops one at a time, for the life of a container.

    Raises:
        ConfigError, TransientError: the configuration, or a secret that it refers to, cannot be had (when made).
    """

    def __init__(self) -> None:
        environment = self._environment = _environment()
        self._renewal = Renewal()
        self._names, options = load(environment, IndexNames, StoreOptions)
        self._local = options.url if options.url and not address_bucket(options.url) else None
        self._tracing = open_tracing(environment, "trilog-indexer")
        self._indexing = partial(configured_indexing(environment), tracing=self._tracing)
        self._stores: dict[str, Store] = {}
        self._sink: Sink | None = None
        self._stack = ExitStack()

    def finish(self, messages: Iterable[Message], deadline: Deadline) -> list[tuple[Message, Exception]]:
        """Index what the messages name, an object that several name once; return those not finished, and why."""
        total = Tally()
        attempts: dict[Drop, Exception | None] = {}
        unfinished: list[tuple[Message, Exception]] = []
        for message in messages:
            for drop in message.drops:
                if drop not in attempts:
                    attempts[drop] = self._attempt(drop, deadline, total)
            error = message.error or next(filter(None, map(attempts.get, message.drops)), None)
            if error:
                log_failure(error, function="indexer", message_id=message.id)
                unfinished.append((message, error))
        if None in attempts.values():
            self._report_all(total)
        self._tracing.flush()
        if self._local:
            self.close()  # on one machine, others want the embedded index too
        return unfinished

    def close(self) -> None:
        """Close the sink; the next drop opens another."""
        self._sink = None
        self._stack.close()

    def _attempt(self, drop: Drop, deadline: Deadline, total: Tally) -> Exception | None:
        """Index a drop and count it, or return what went wrong: even a fault of ours must not stop the others."""
        begun = time.perf_counter()
        try:
            tally = self._index(drop, deadline)
        except Exception as error:  # noqa: BLE001
            log_failure(error, function="indexer", key=_name(drop), ms=ms_since(begun))
            return error
        self._report(drop, tally, ms_since(begun))
        total.add(tally)
        return None

    def _index(self, drop: Drop, deadline: Deadline) -> Tally:
        """Index a drop; once more where the credentials are refused and may have been replaced."""
        try:
            return self._index_once(drop, deadline)
        except Unauthorized:
            if not self._renewal.due():
                raise
        self._environment = _environment()
        return self._index_once(drop, deadline)

    def _index_once(self, drop: Drop, deadline: Deadline) -> Tally:
        deadline.check()
        sink = self._opened_sink()
        try:
            indexing = self._indexing(drop.key, store=self._store(drop), sink=sink, check=deadline.check)
            return deadline.run(indexing.run)
        except Exception:
            self.close()
            raise

    def _store(self, drop: Drop) -> Store:
        """Open the store of a drop: its bucket; a local store, if one is configured, stands for every bucket."""
        address = self._local or drop.address
        if address not in self._stores:
            self._stores[address] = Store(address)
        return self._stores[address]

    def _opened_sink(self) -> Sink:
        if self._sink is None:
            try:
                self._sink = self._stack.enter_context(open_chosen_sink(self._environment))
            except ModuleNotFoundError as error:
                raise ConfigError("No index to write to. Set ELASTICSEARCH_URL ({cause})", cause=error) from error
        return self._sink

    def _report(self, drop: Drop, tally: Tally, milliseconds: int) -> None:
        severity = "WARNING" if tally.dead.total() else "INFO"
        log(
            severity if tally.conserved else "ERROR",
            "indexed" if tally.conserved else "indexed, but records are missing from the log index",
            function="indexer",
            key=_name(drop),
            records=tally.records,
            created=self._by_index(tally.created),
            duplicates=self._by_index(tally.duplicates),
            dead=self._by_index(tally.dead),
            conserved=tally.conserved,
            unread=tally.coverage.unread.total(),
            passed_without_document=tally.coverage.passed_without_document.total(),
            redacted=dict(tally.matches.hidden),
            redaction_rules_without_a_match=tally.matches.unmatched if tally.records else [],
            ms=milliseconds,
        )

    def _report_all(self, total: Tally) -> None:
        """Sum up an invocation. A dead letter may stand for any document, but a log document accounts for a record."""
        counters = {
            "Records": total.records,
            "Documents": total.created[LOGS],
            "Duplicates": total.duplicates[LOGS],
            "DeadLetters": total.dead.total(),
            "Unaccounted": abs(total.unaccounted),
            "Unread": total.coverage.unread.total(),
            "PassedWithoutDocument": total.coverage.passed_without_document.total(),
        }
        log_counters(counters, self._environment.get("AWS_LAMBDA_FUNCTION_NAME"), function="indexer")

    def _by_index(self, counts: Counter[str]) -> dict[str, int]:
        """Name counts by the indexes; dead letters of whole objects, which are meant for none, stay as they are."""
        return {self._names.base(kind) if kind in kinds() else kind: count for kind, count in counts.items() if count}


def _environment() -> dict[str, str]:
    """Return the process's environment with its secrets, checked."""
    classes = indexer_options()
    environment = resolved(process_environment(), classes)
    load(environment, *classes)
    return environment


def _name(drop: Drop) -> str:
    return f"{drop.bucket}/{drop.key}"
