"""Sinks: where documents go. One folder each, named after the service: `sink.py` writes, `indexes.py` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from functions.pipeline.conditions import Condition
    from functions.pipeline.documents import Former, Rows, Written
    from functions.pipeline.groups import Group, Grouping


class Sink(Protocol):
    """Takes documents. A context manager: connections and locks live from enter to exit."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, documents: Iterable[Rows]) -> Written:
        """Write all the documents, overwriting those whose id is there; return only when they are safe.

        Indexes are created on first use, from the kinds' templates.

        Raises:
            TransientError: the sink cannot take them now; some may have been written, writing again is harmless.
            PermanentError: the sink will never take them (credentials, a foreign index of that name).
        """


@runtime_checkable
class ConfirmingSink(Sink, Protocol):
    """A sink that tells in the midst of a write what is safe already."""

    def write_confirming(self, documents: Iterable[Rows], confirm: Callable[[int], None]) -> Written:
        """Write all the documents as `write` does; tell `confirm` how many of the `Rows`, the first ones, are safe.

        That may come from another thread. It does not come for what follows a document that is refused.
        """


@runtime_checkable
class ForgettingSink(Sink, Protocol):
    """A sink that can delete what it has of an object's former content."""

    def forget(self, former: Former) -> int:
        """Delete the documents; return how many there were. Raise as `write` does."""


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

    def delete(self, kind: str, ids: Iterable[str]) -> int:
        """Delete documents of one kind by their ids; return how many were there."""

    def expunge(self) -> None:
        """Write anew what deleted documents have left traces in, as far as the server allows it."""

    def change_period(self) -> list[str]:
        """Make what is there fit the period that the names have; return a line for each thing changed.

        Raises:
            ConfigError: these indexes have no periods.
            PermanentError: documents are in indexes of another period, and would be there twice.
        """

    def missing(self, kind: str, ids: Collection[str]) -> set[str]:
        """Return those of the ids under which there is no document of this kind, in whichever period's index."""

    def count(self) -> dict[str, int]:
        """Return the number of documents, by kind."""

    def kept_open(self) -> AbstractContextManager[None]:
        """Keep what is opened to read open within the block: it reads several times, all of it at once each time."""

    def read(  # noqa: PLR0913 (each is optional, and by name)
        self,
        kind: str,
        *,
        since: str | None = None,
        until: str | None = None,
        matching: Mapping[str, str | bool | None] | None = None,
        where: Sequence[Condition] = (),
        newest: int | None = None,
        fields: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield documents of one kind, oldest first, each with its `_id`, without absent fields.

        `since` (included) and `until` (excluded) are ISO 8601 times; `matching` has the values that keyword and boolean
        fields must have, or None for any field that must be there, and `where` conditions that all hold; `newest` keeps
        only that many, the latest ones; `fields` are those that are wanted of each document besides its time, where not
        all are. An index that does not exist yet yields nothing.

        Raises:
            ConfigError: a condition's field does not exist, or is of another type than its value.
        """

    def groups(
        self,
        kind: str,
        grouping: Grouping,
        *,
        since: str | None = None,
        until: str | None = None,
        where: Sequence[Condition] = (),
    ) -> list[Group]:
        """Count documents of one kind in groups, those without the field in none; see `functions.pipeline.groups`.

        Raises:
            ConfigError: as `read`; or the field is no field to group by, such as running text.
        """
