"""A projection: batches that are new in the store are taken, one after the other."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from functions.pipeline.batch import batch_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.store import Store
    from functions.projection.batches import Batches


class Projection(ABC):
    """Keeps up with a store.

    Attributes:
        store: the store.
        waiting: how many batches were found that have not been taken yet.
        last_success: when all batches of the store had been taken, in Unix seconds; 0: not so far.
    """

    def __init__(self, batches: Batches, store: Store, prefix: str) -> None:
        """Take the batches that it has, which are open; a store; and below which prefix its batches lie."""
        self._batches, self.store, self._prefix = batches, store, prefix
        self.waiting, self.last_success = 0, 0.0

    def turn(self) -> Iterator[str]:
        """Take each new batch, oldest first, and yield its key.

        Raises:
            TransientError: the store, or where the batches go, fails for now; what was taken stays.
            PermanentError: one of them refuses.
        """
        times = {key: batch_time(key) or modified for key, modified, _ in self.store.listed(self._prefix)}
        keys = sorted(self._batches.missing(times), key=lambda key: (times[key], key))
        self.waiting = len(keys)
        for key in keys:
            self._take(key)
            self.waiting -= 1
            yield key
        self.last_success = time.time()

    @abstractmethod
    def _take(self, key: str) -> None:
        """Take a batch, and add it to those that the projection has once nothing of it can be lost."""
