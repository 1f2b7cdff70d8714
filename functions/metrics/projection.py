"""The projection: what batches tell, into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from functions.metrics.recoveries import Recoveries
from functions.metrics.samples import added_by, connector_of
from functions.pipeline.documents import Written
from functions.projection.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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
                    connector = connector_of(run, self._bounded)
                    self.added += added_by(run, connector, self._bounded)
                    self.added += self._recoveries.added_by(run, connector)
        return written


class Metrics(Projection):
    """Keeps a ledger up to date with a store.

    Attributes:
        ledger: the numbers.
    """

    def __init__(self, ledger: Ledger, store: Store, opened: Callable[..., Indexing], prefix: str) -> None:
        """Take a ledger that is open, a store, and what opens a batch of it, given its key and a sink."""
        super().__init__(ledger, store, prefix)
        self.ledger, self._opened = ledger, opened

    def _take(self, key: str) -> None:
        runs = _Runs(self.ledger)
        self._opened(key, sink=runs).run()
        self.ledger.add(key, runs.added)
