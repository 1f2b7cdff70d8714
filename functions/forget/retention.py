"""Retention: batches go when they are so many days old, with all that was made of them in the indexes.

The indexes are projections of the batches. So what counts is the age of a batch, not that of a record: an index without
the documents of a batch that is there would not be whole, and a rebuild would bring them back.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from functions.indexer.selection import dated_batches
from functions.pipeline.batch import RAW, batch_time, number_range
from functions.pipeline.config import Options, setting, whole
from functions.pipeline.documents import Former, id_prefix
from functions.pipeline.instants import instant
from functions.pipeline.sinks import ForgettingSink
from functions.pipeline.wiring import index_environments, open_indexes, open_sink, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from functions.indexer.selection import Dated

_MARKS = ("progress", "versions")  # folders in which something is noted of a batch, by what its ids begin with


class RetentionOptions(Options):
    """How long batches stay."""

    days: int | None = setting("PIPELINE_RETENTION_DAYS", whole(1, 36_500, "days"), None)


class Retention:
    """The batches of an installation, and what was made of them."""

    def __init__(self, environment: Mapping[str, str], days: int, prefixes: Sequence[str] = (RAW,)) -> None:
        """Take the environment, how many days batches stay, and the folders of the store in which they lie."""
        self._store, self._prefixes = open_store(environment), prefixes
        self._environments = index_environments(environment)
        self.until = instant(datetime.now(UTC) - timedelta(days=days))

    def expired(self) -> list[Dated]:
        """List the batches that are too old: by the times in their keys, or when somebody else last wrote them."""
        return [each for prefix in self._prefixes for each in dated_batches(self._store, None, self.until, prefix)]

    def drop(self, batches: Sequence[Dated]) -> Iterator[int]:
        """Delete batches, each after its documents; yield how many documents those were, batch by batch.

        Whoever is interrupted does it again: a batch is there until nothing is left of it.

        Raises:
            TransientError, PermanentError: the store or a sink is away, or refuses.
        """
        marks = {key.rpartition("/")[2]: key for folder in _MARKS for key in self._store.keys(folder)}
        with ExitStack() as stack:
            opened = [stack.enter_context(open_sink(each)) for each in self._environments]
            sinks = [sink for sink in opened if isinstance(sink, ForgettingSink)]
            for batch in batches:
                former = self._former(batch)
                yield sum(sink.forget(former) for sink in sinks)
                if mark := marks.get(f"{former.prefix}.json"):
                    self._store.delete(mark)
                self._store.delete(batch.key)
        if batches:
            for each in self._environments:
                open_indexes(each).expunge()

    def _former(self, batch: Dated) -> Former:
        name = self._store.name(batch.key)
        made = batch_time(batch.key) or self._store.get(batch.key).modified
        return Former(name, id_prefix(name), number_range(made))
