"""Sinks: where documents go. One folder each, named after the service: `sink.py` writes, `indexes.py` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from functions.pipeline.documents import Document, Written


class Sink(Protocol):
    """Takes documents. A context manager: connections and locks live from enter to exit."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, documents: Iterable[Document]) -> Written:
        """Write all the documents, overwriting those whose id is there; return only when they are safe.

        Indexes are created on first use, from the templates in infra/elasticsearch.

        Raises:
            TransientError: the sink cannot take them now; some may have been written, writing again is harmless.
            PermanentError: the sink will never take them (credentials, a foreign index of that name).
        """


class Indexes(Protocol):
    """Administers and reads the indexes of a sink."""

    def check(self) -> str:
        """Say in a few words what was found there (for `trilog check`); raise as `Sink.write` does."""

    def setup(self) -> list[str]:
        """Create what is missing (templates, tables); return a line for each thing created. Overwrites nothing."""

    def test(self) -> list[str]:
        """Compare what is there with what is expected; return a line for each difference, none when all is well."""

    def clear(self) -> dict[str, int]:
        """Delete the indexes; return how many documents each held, by index name."""

    def count(self) -> dict[str, int]:
        """Return the number of documents, by kind."""

    def read(
        self,
        kind: str,
        *,
        since: str | None = None,
        until: str | None = None,
        transaction_id: str | None = None,
        newest: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield documents of one kind, oldest first, each with its `_id`, without absent fields.

        `since` (included) and `until` (excluded) are ISO 8601 times; `newest` keeps only that many, the latest ones.
        An index that does not exist yet yields nothing.
        """
