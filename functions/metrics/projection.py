"""The projection: what batches tell, into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.metrics.metric import add
from functions.metrics.subjects import SUBJECTS
from functions.pipeline.documents import Written
from functions.projection.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Self

    from functions.indexer.index import Indexing
    from functions.metrics.ledger import Ledger
    from functions.metrics.metric import Key
    from functions.pipeline.documents import Rows
    from functions.pipeline.store import Store


class _Numbers:
    """A sink that keeps what the documents add to the numbers."""

    def __init__(self, ledger: Ledger, key: str) -> None:
        self._subjects = [subject(ledger, key) for subject in SUBJECTS]
        self.added: dict[Key, float] = {}

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
            for subject in self._subjects:
                if subject.kind == kind:
                    for _, _, body in rows:
                        add(self.added, subject.added_by(body))
        return written

    def states(self) -> dict[str, object]:
        return {name: state for subject in self._subjects for name, state in subject.states().items()}


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
        numbers = _Numbers(self.ledger, key)
        self._opened(key, sink=numbers).run()
        self.ledger.add(key, numbers.added, numbers.states())
