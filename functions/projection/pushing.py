"""A projection that writes each new batch to a sink of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from functions.projection.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.indexer.index import Indexing, Tally
    from functions.pipeline.sinks import Sink
    from functions.pipeline.store import Store
    from functions.projection.batches import Batches

    class TellingSink(Sink, Protocol):
        """A sink that says where it writes, and what the server there said when it last refused something."""

        place: str
        refusal: str


class PushingProjection(Projection):
    """Keeps a sink up to date with a store.

    Attributes:
        taken: how many batches were pushed.
        pushed: how many things the sink took of them.
        refused: how many of them, or of whole batches, became dead letters instead.
    """

    def __init__(  # noqa: PLR0913, PLR0917 (what a projection is made of)
        self,
        batches: Batches,
        store: Store,
        opened: Callable[..., Indexing],
        prefix: str,
        sink: TellingSink,
        counted: Callable[[Tally], int],
    ) -> None:
        """Make a projection.

        Args:
            batches: those that the sink has.
            store: where batches are.
            opened: opens a batch of it, given its key and a sink.
            prefix: below which prefix the batches lie.
            sink: where they go.
            counted: returns how many things the sink took of a batch.
        """
        super().__init__(batches, store, prefix)
        self._opened, self._sink, self._counted = opened, sink, counted
        self.taken = self.pushed = self.refused = 0

    @property
    def place(self) -> str:
        """Where the sink writes, as messages name it."""
        return self._sink.place

    @property
    def refusal(self) -> str:
        """The server's words for what it last refused; "": nothing so far."""
        return self._sink.refusal

    def _take(self, key: str) -> None:
        """Push a batch; only what was acknowledged is remembered, so a batch may be pushed again, never missed."""
        tally = self._opened(key, sink=self._sink).run()
        with self._batches.adding(key):
            self.taken += 1
            self.pushed += self._counted(tally)
            self.refused += tally.dead.total()
