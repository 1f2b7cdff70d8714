"""Indexing of drops, the same on every platform; what the first one opens is kept for those after it."""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from functions.indexer.configured import configured_indexing
from functions.indexer.index import Tally
from functions.pipeline.batch import is_own
from functions.pipeline.config import environment as process_environment
from functions.pipeline.config import load
from functions.pipeline.documents import LOGS, id_prefix
from functions.pipeline.errors import ConfigError, TransientError, Unauthorized
from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from functions.pipeline.secrets import Renewal, resolved
from functions.pipeline.store import Store, StoreOptions, address_bucket
from functions.pipeline.telemetry import log, log_counters, log_failure, ms_since
from functions.pipeline.wiring import chosen_sink, indexer_options, open_chosen_sink, open_tracing

_LEAST_SHARE = 2.0  # seconds: to begin again takes some, too
_SHARED = 0.8  # of the time that is left: the rest is for the request that is under way when it ends

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Sequence

    from functions.indexer.index import Indexing
    from functions.indexer.marks import Mark
    from functions.indexer.replaced import Replaced
    from functions.indexer.resumption import Resumption
    from functions.indexer.triggers import Drop, Message, Place
    from functions.pipeline.deadline import Deadline
    from functions.pipeline.sinks import Sink
    from functions.pipeline.store import StoredObject


class StoppedError(TransientError):
    """The indexing of a drop has stopped where it can go on, for others wait."""


class Turn:
    """A drop that is to be indexed, whether it was delivered before, and how far it is."""

    def __init__(self, drop: Drop, *, again: bool) -> None:
        self.drop, self.again = drop, again
        self.resumption: Resumption | None = None


class _Attempt:
    """One attempt at a drop: the end of all, how long it is waited for, and what says that it has had its share."""

    def __init__(self, deadline: Deadline, most: float, enough: Callable[[], bool]) -> None:
        self.deadline, self.most, self.enough = deadline, most, enough
        self.indexing: Indexing | None = None


def _turns(messages: Iterable[Message]) -> deque[Turn]:
    """Return the drops that messages name, each once, the smaller ones first: so most are done where not all can be."""
    turns: dict[Place, Turn] = {}
    for message in messages:
        for drop in message.drops:
            turn = turns.setdefault(drop.place, Turn(drop, again=message.again))
            turn.again |= message.again
    return deque(sorted(turns.values(), key=lambda turn: turn.drop.size))


def _beginning(replaced: Replaced, progress: Resumption) -> Callable[[StoredObject], Mark]:
    """Return what says where to begin, after the documents of a former content have gone."""
    return lambda stored: progress.begin(stored, void=replaced.begin(stored))


class DropIndexer:
    """Indexes drops one at a time, for the life of a container.

    Raises:
        ConfigError, TransientError: the configuration, or a secret that it refers to, cannot be had (when made).
    """

    def __init__(self) -> None:
        environment = self._environment = _environment()
        self._renewal = Renewal()
        self._names, options = load(environment, IndexNames, StoreOptions)
        self._sink_name, self._forgets = chosen_sink(environment)
        self._local = options.url if options.url and not address_bucket(options.url) else None
        self._tracing = open_tracing(environment, "trilog-indexer")
        self._indexing = partial(configured_indexing(environment), tracing=self._tracing)
        self._stores: dict[str, Store] = {}
        self._sink: Sink | None = None
        self._stack = ExitStack()

    def finish(self, messages: Sequence[Message], deadline: Deadline) -> list[tuple[Message, Exception]]:
        """Index what the messages name, an object that several name once; return those not finished, and why."""
        total = Tally()
        results = self._results(_turns(messages), deadline, total)
        unfinished: list[tuple[Message, Exception]] = []
        for message in messages:
            error = message.error or next(filter(None, (results[drop.place] for drop in message.drops)), None)
            if error:
                log_failure(error, function="indexer", message_id=message.id)
                unfinished.append((message, error))
        if total.records or None in results.values():
            self._report_all(total)
        self._tracing.flush()
        if self._local:
            self.close()  # on one machine, others want the embedded index too
        return unfinished

    def _results(self, turns: deque[Turn], deadline: Deadline, total: Tally) -> dict[Place, Exception | None]:
        """Index drops by turns, and return what kept each from being finished: None where nothing did.

        The time is divided: whoever has had his share stops where he can go on, and does so when the others are done,
        if there is time left then, or else in another invocation.
        """
        results: dict[Place, Exception | None] = {}
        while turns:
            turn = turns.popleft()
            share = max(deadline.left * _SHARED / (len(turns) + 1), _LEAST_SHARE)
            results[turn.drop.place] = error = self._attempt(turn, deadline, share, total, others=bool(turns))
            if isinstance(error, StoppedError) and deadline.left > _LEAST_SHARE:
                turns.append(turn)
        return results

    def close(self) -> None:
        """Close the sink; the next drop opens another."""
        self._sink = None
        self._stack.close()

    def _attempt(self, turn: Turn, deadline: Deadline, share: float, total: Tally, *, others: bool) -> Exception | None:
        """Index a drop and count it, or return what went wrong: even a fault of ours must not stop the others.

        Args:
            turn: the drop.
            deadline: the end of all.
            share: the seconds after which it is to stop.
            total: counts what is done.
            others: whether others wait. Then it is left after half the time, if the sink has taken nothing of it.
        """
        begun, name = time.perf_counter(), _name(turn.drop)
        most = deadline.left / 2 if others else deadline.left
        attempt = _Attempt(deadline, most, lambda: time.perf_counter() - begun > share)
        try:
            tally = self._index(turn, attempt)
        except Exception as error:  # noqa: BLE001
            log_failure(error, function="indexer", key=name, ms=ms_since(begun))
            return error
        stopped = attempt.indexing is not None and attempt.indexing.stopped
        self._report(turn.drop, tally, ms_since(begun), stopped=stopped)
        total.add(tally)
        return StoppedError("{key}: stopped, for others wait; it resumes here", key=name) if stopped else None

    def _index(self, turn: Turn, attempt: _Attempt) -> Tally:
        """Index a drop; once more where the credentials are refused and may have been replaced."""
        try:
            return self._index_once(turn, attempt)
        except Unauthorized:
            if not self._renewal.due():
                raise
        self._environment = _environment()
        return self._index_once(turn, attempt)

    def _index_once(self, turn: Turn, attempt: _Attempt) -> Tally:
        attempt.deadline.check()
        drop, sink = turn.drop, self._opened_sink()
        store = self._store(drop)
        progress = turn.resumption = turn.resumption or self._resumption(turn, store)
        check, enough, replaced = attempt.deadline.check, attempt.enough, self._replaced_at(drop.key, store, sink)
        begin = _beginning(replaced, progress) if replaced else progress.begin
        made = self._indexing(drop.key, store=store, sink=sink, check=check, begin=begin, enough=enough)
        attempt.indexing = made
        try:
            tally = attempt.deadline.run(made.run, attempt.most, lambda: made.advanced)
            if replaced:
                replaced.end()
        except Exception:
            self.close()
            progress.stop(made.marks.last)
            raise
        if made.stopped:
            progress.stop(made.marks.last)
        else:
            progress.finish()
        return tally

    def _replaced_at(self, key: str, store: Store, sink: Sink) -> Replaced | None:
        """Return what sees to an object's former content; None where there is none, or it is to stay."""
        if not self._forgets or is_own(key):
            return None
        from functions.pipeline.sinks import ForgettingSink

        if not isinstance(sink, ForgettingSink):
            return None
        from functions.indexer.replaced import Replaced  # whoever has no such objects does without

        return Replaced(store, key, self._sink_name, sink)

    def _resumption(self, turn: Turn, store: Store) -> Resumption:
        from functions.indexer.resumption import Resumption

        name = f"{self._sink_name}/{id_prefix(store.name(turn.drop.key))}"
        return Resumption(store, name, again=turn.again)

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

    def _report(self, drop: Drop, tally: Tally, milliseconds: int, *, stopped: bool) -> None:
        severity = "WARNING" if tally.dead.total() else "INFO"
        done = "indexed in part" if stopped else "indexed"
        log(
            severity if tally.conserved else "ERROR",
            done if tally.conserved else f"{done}, but records are missing from the log index",
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
