"""The projection: batches that are new in the store, one after the other, into the ledger."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import orjson

from functions.metrics.recoveries import Recoveries
from functions.metrics.samples import added_by, connector
from functions.pipeline.batch import batch_time
from functions.pipeline.documents import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from functions.indexer.index import Indexing
    from functions.metrics.ledger import Ledger
    from functions.metrics.samples import Key
    from functions.pipeline.documents import Rows
    from functions.pipeline.store import Store

KIND = "ingestion_run"


class _Runs:
    """A sink that keeps what the ingestion runs among the documents add to the numbers."""

    def __init__(self, ledger: Ledger) -> None:
        self._bounded, self._recoveries = ledger.bounded, Recoveries(ledger.numbers)
        self.added: list[tuple[Key, float]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close nothing."""

    def write(self, documents: Iterable[Rows]) -> Written:
        written = Written()
        for kind, rows in documents:
            written.created[kind] = written.created.get(kind, 0) + len(rows)
            if kind == KIND:
                for _, _, body in rows:
                    run = orjson.loads(body)
                    self.added += added_by(run, self._bounded)
                    self.added += self._recoveries.added_by(run, connector(run, self._bounded))
        return written


class Projection:
    """Keeps a ledger up to date with a store.

    Attributes:
        ledger: the numbers.
        waiting: how many batches were found that are not in the numbers yet.
        last_success: when all batches of the store were in the numbers, in Unix seconds; 0: not so far.
    """

    def __init__(self, ledger: Ledger, store: Store, opened: Callable[..., Indexing], prefix: str) -> None:
        """Take a ledger that is open, a store, and what opens a batch of it, given its key and a sink."""
        self.ledger, self._store, self._opened, self._prefix = ledger, store, opened, prefix
        self.waiting, self.last_success = 0, 0.0

    def turn(self) -> Iterator[str]:
        """Count each new batch, and yield its key. Of those that are there together, the oldest is the first.

        Raises:
            TransientError: the store fails for now; what was counted stays.
            PermanentError: the store refuses.
        """
        keys = self._new_keys()
        self.waiting = len(keys)
        for key in keys:
            runs = _Runs(self.ledger)
            self._opened(key, sink=runs).run()
            self.ledger.add(key, runs.added)
            self.waiting -= 1
            yield key
        self.last_success = time.time()

    def _new_keys(self) -> list[str]:
        """Return the keys of batches that are not in the numbers, by their times; a store need not list them so."""
        listed = self._store.listed(self._prefix)
        new = ((batch_time(key) or modified, key) for key, modified, _ in listed if self.ledger.is_new(key))
        return [key for _, key in sorted(new)]
