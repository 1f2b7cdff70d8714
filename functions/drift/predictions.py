"""The predictions of a window: out of an index, or out of the batches in the store, which need no index."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import orjson

from functions.drift.config import INDEX
from functions.indexer.configured import configured_indexing
from functions.indexer.selection import dated_batches
from functions.pipeline.documents import Written
from functions.pipeline.instants import instant
from functions.pipeline.wiring import has_index, open_indexes, open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import BinaryIO

    from functions.drift.config import Window
    from functions.pipeline.documents import Rows

PREDICTIONS = "message"  # the kind
_SLACK = timedelta(days=1)  # that a clock, or a time zone that nobody told, may be wrong by


def read_predictions(environment: Mapping[str, str], place: str | None, window: Window) -> Iterator[dict[str, Any]]:
    """Yield the documents of a window's predictions, in bounded memory.

    Args:
        environment: where the indexes and the store are.
        place: one of `config.PLACES`; None: the index where there is one, else the batches.
        window: by the documents' own times.

    Raises:
        TransientError: the index or the store is away.
        PermanentError: one of them refuses.
    """
    if place == INDEX or (place is None and has_index(environment)):
        return open_indexes(environment).read(PREDICTIONS, since=window.since, until=window.until)
    return _read_batches(environment, window)


def _read_batches(environment: Mapping[str, str], window: Window) -> Iterator[dict[str, Any]]:
    """Read the batches as they are indexed, each once: what a batch was redelivered with is in it once, too.

    Nothing is logged before it happens: batches made before the window are left out, but for those of a day.
    """
    store, indexing = open_store(environment), configured_indexing(environment)
    begin = instant(datetime.fromisoformat(window.since) - _SLACK) if window.since else None
    with (
        TemporaryDirectory(prefix="trilog-drift-") as folder,
        _Window(Path(folder, "documents.ndjson"), window) as sink,
    ):
        for batch in dated_batches(store, begin):
            indexing(batch.key, store=store, sink=sink).run()
            yield from sink.taken()


class _Window:
    """A sink that keeps the predictions of a window, until they are taken; all else goes nowhere."""

    def __init__(self, path: Path, window: Window) -> None:
        self._path = path
        self._since, self._until = (text and _comparable(text) for text in window)

    def __enter__(self) -> Self:
        self._file: BinaryIO = self._path.open("w+b")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, documents: Iterable[Rows]) -> Written:
        """Keep what is in the window; of other kinds, nothing is looked at."""
        created: dict[str, int] = {}
        for kind, rows in documents:
            created[kind] = created.get(kind, 0) + len(rows)
            if kind == PREDICTIONS:
                self._file.writelines(
                    b"".join((b'{"_id":"', identity, b'",', body[1:], b"\n"))
                    for identity, timestamp, body in rows
                    if self._holds(timestamp)
                )
        return Written(created)

    def taken(self) -> Iterator[dict[str, Any]]:
        """Yield what was kept, and forget it."""
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)
        self._file.seek(0)
        self._file.truncate()

    def _holds(self, timestamp: str) -> bool:
        time = _comparable(timestamp)
        return (not self._since or time >= self._since) and (not self._until or time < self._until)


def _comparable(time: str) -> str:
    """Give a time in UTC so that texts are in the order of times, whether it has 3 or 6 decimals."""
    return time.removesuffix("Z")
