"""Collect: move a source's new lines into the store, batch by batch."""

from __future__ import annotations

from threading import Event
from time import sleep
from typing import TYPE_CHECKING

from functions.collector.journal import Journal
from functions.pipeline.config import Options, setting, whole
from functions.pipeline.errors import Conflict, TransientError
from functions.pipeline.redaction.matches import Matches
from functions.pipeline.telemetry import Untraced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.pipeline.batch import Batch
    from functions.pipeline.sources import Position, Source
    from functions.pipeline.store import Store
    from functions.pipeline.telemetry import Tracing

_RACES = 20  # lost in a row, at the same position, before this collector gives way
_PAUSE = 0.02  # seconds; after each loss in a row, up to so much longer


class CollectorOptions(Options):
    """How much goes into one batch."""

    batch_lines: int = setting("PIPELINE_BATCH_SIZE", whole(1, 100_000, "lines"), 20_000)


class Collection:
    """One run of the collector over one source, and what it counted.

    It ends early, between two batches, once `stopping` is set. `arrived` counts the batches put; `lines` were taken by
    this run; `recovered` had been taken by a run that ended before their batch arrived; `gaps` are places where the
    source may have dropped lines before they could be read; `matches` are those of the redaction in `lines`. After
    each batch that is in the store, `stored` is called with the position. `tracing` has a span of each that is put.
    """

    def __init__(  # noqa: PLR0913, PLR0917 (what a run is made of)
        self,
        source: Source,
        store: Store,
        options: CollectorOptions,
        stopping: Event | None = None,
        stored: Callable[[Position], object] = lambda _: None,
        tracing: Tracing = Untraced(),  # noqa: B008 (it has nothing to change)
    ) -> None:
        self.source = source
        self.store = store
        self.options = options
        self.stopping = stopping or Event()
        self._stored = stored
        self.tracing = tracing
        self.arrived = self.lines = self.recovered = self.gaps = 0
        self.matches = Matches()

    def batches(self, limit: int | None = None) -> Iterator[Batch]:
        """Yield each batch once it is in the store; at most `limit` lines in all (None: all that the source offers).

        Asking for the next batch says that the last one has arrived: where indexing follows at once, do it before
        asking. A batch that had not arrived when an earlier run ended comes first.

        Raises:
            TransientError, PermanentError: as the source and the store do. What was yielded stays.
        """
        lost, position = 0, None
        while lost < _RACES:
            journal = Journal(self.store, self.source.name)
            lost = lost + 1 if journal.position == position else 1
            position = journal.position
            try:
                yield from self._attempt(journal, limit)
            except Conflict:  # lost to another collector; while the position moves, somebody gets on
                _pause(lost)
            else:
                return
        name = self.source.name
        raise TransientError("{source}: too many collectors of this source at once. Run one at a time", source=name)

    def _attempt(self, journal: Journal, limit: int | None) -> Iterator[Batch]:
        if journal.batch is not None:
            self.recovered += journal.batch.lines
            yield self._put(journal.batch, journal.position)
        left = None if limit is None else limit - self.lines
        if left != 0:
            yield from self._take(journal, left)
        journal.save_arrival()

    def _take(self, journal: Journal, limit: int | None) -> Iterator[Batch]:
        for reading in self.source.read(journal.position, self.options.batch_lines, limit):
            batch = journal.save_batch(reading.lines, reading.position, reading.mark)
            self.lines += len(reading.lines)
            self.gaps += reading.gaps
            self.matches.add(reading.matches or Matches())
            yield self._put(batch, reading.position)
            if self.stopping.is_set():
                return

    def _put(self, batch: Batch, position: Position | None) -> Batch:
        with self.tracing.span("put", {"trilog.batch": batch.key}) as traceparent:
            self.store.put(batch.key, batch.body, traceparent)
        self.arrived += 1
        if position is not None:
            self._stored(position)
        return batch


def _pause(lost: int) -> None:
    """Wait a while, by chance, so that two collectors do not meet again."""
    from random import random  # few meet

    sleep(random() * _PAUSE * lost)  # noqa: S311 (no secret)
