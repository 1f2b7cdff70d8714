"""A subject of metrics: of the documents of one kind, what each adds to which numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions.metrics.ledger import Ledger
    from functions.metrics.metric import Added, Metric


class Subject(ABC):
    """Counts what the documents of one batch tell. `functions.metrics.subjects` lists them.

    Attributes:
        kind: the kind of the documents.
        metrics: what it counts.
    """

    kind: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]

    def __init__(self, ledger: Ledger, key: str) -> None:  # noqa: B027 (nothing is common to all)
        """Take the ledger as it is before the batch, of which only `bounded` changes something; and the batch's key."""

    @abstractmethod
    def added_by(self, body: bytes) -> Iterator[Added]:
        """Yield what a document adds, given as the JSON that it is."""

    def states(self) -> Mapping[str, object]:
        """Return what has to be known of this batch when the next one is counted: JSON values by their names."""
        return {}
