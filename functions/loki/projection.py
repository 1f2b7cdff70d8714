"""The projection: the ingestion runs of each new batch, into Loki."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.projection.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.indexer.index import Indexing
    from functions.pipeline.sinks.loki.sink import LokiSink
    from functions.pipeline.store import Store
    from functions.projection.batches import Batches

_RUN = "ingestion_run"


class LokiProjection(Projection):
    """Keeps a Loki up to date with a store.

    Attributes:
        taken: how many batches were pushed.
        runs: how many runs Loki took of them.
        refused: how many entries, or whole batches, became dead letters instead.
    """

    def __init__(
        self, batches: Batches, store: Store, opened: Callable[..., Indexing], prefix: str, sink: LokiSink
    ) -> None:
        """Take the batches that Loki has; a store; what opens a batch of it, given its key and a sink; and the sink."""
        super().__init__(batches, store, prefix)
        self._opened, self._sink = opened, sink
        self.taken = self.runs = self.refused = 0

    @property
    def place(self) -> str:
        """The Loki, as messages name it."""
        return self._sink.place

    @property
    def refusal(self) -> str:
        """Loki's words for the last entries that it refused; "": none so far."""
        return self._sink.refusal

    def _take(self, key: str) -> None:
        """Push a batch; only what Loki has acknowledged is remembered, so a batch may be pushed again, never missed."""
        tally = self._opened(key, sink=self._sink).run()
        with self._batches.adding(key):
            self.taken += 1
            self.runs += tally.created[_RUN]
            self.refused += tally.dead.total()
