"""How far a rebuild has come: a small object in the store, so that it goes on where it was interrupted."""

from __future__ import annotations

import time
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

import orjson

from functions.indexer.selection import Dated
from functions.pipeline.instants import instant

if TYPE_CHECKING:
    from types import TracebackType

    from functions.pipeline.store import Store

_PAUSE = 1.0  # seconds between two writes: whoever is killed does so much again


class Progress:
    """The last batch that a rebuild has done. A context manager: an error or a signal leaves it, the end removes it.

    Rebuilds are told apart by what they were asked for: the same again goes on, anything else begins of itself.
    """

    def __init__(self, store: Store, asked: str) -> None:
        self._store = store
        self._key = f"reindex/{blake2b(asked.encode(), digest_size=8).hexdigest()}.json"
        self._last: Dated | None = None
        self._written = time.monotonic()

    def last(self) -> Dated | None:
        """Read which batch was the last one done; None when there is nothing, or nothing sensible, to go on with."""
        content, _ = self._store.load(self._key) or (b"", "")
        try:
            fields = orjson.loads(content)
            return Dated(datetime.fromisoformat(fields["time"]), fields["key"])
        except (ValueError, LookupError, TypeError):
            return None

    def mark(self, batch: Dated) -> None:
        """Note that a batch is done, and all those before it."""
        self._last = batch
        if time.monotonic() - self._written >= _PAUSE:
            self._write(batch)

    def forget(self) -> None:
        """Leave nothing to go on with."""
        self._store.put(self._key, b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.forget()
        elif self._last is not None:
            self._write(self._last)

    def _write(self, batch: Dated) -> None:
        self._store.put(self._key, orjson.dumps({"time": instant(batch.time), "key": batch.key}))
        self._written = time.monotonic()
