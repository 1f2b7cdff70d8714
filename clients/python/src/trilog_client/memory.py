"""Batches made of what waits in memory, which is lost when the process is killed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from trilog_client.batches import Batch

if TYPE_CHECKING:
    import threading

    from trilog_client.limits import Limits
    from trilog_client.waiting import Waiting

STEP: Final = 0.05  # seconds between two looks at whether a batch is full, while one waits for it to be


class Memory:
    """A source of batches.

    Args:
        waiting: the records.
        limits: when a batch is full.
        hurry: while it is set, a batch need not be full.
    """

    def __init__(self, waiting: Waiting, limits: Limits, hurry: threading.Event) -> None:
        self._waiting = waiting
        self._limits = limits
        self._hurry = hurry

    def next(self, timeout: float) -> tuple[Batch, int] | None:
        """Wait for a batch, and say how many of its records are of this process; None where there is none in time."""
        records = self._waiting.wait(timeout)
        if not records:
            return None
        self._linger()
        records += self._waiting.take(self._limits.batch_records - 1, self._limits.batch_bytes)
        return Batch(b"".join(records), len(records)), len(records)

    def done(self, batch: Batch) -> None:
        """Do nothing: the batch is not kept."""

    def empty(self) -> bool:
        """Say whether there is nothing to send."""
        return not self._waiting

    def durable(self) -> bool:
        """Say whether what is not sent when this process ends is sent by another."""
        return False

    def _linger(self) -> None:
        until = time.monotonic() + self._limits.interval
        while not self._waiting.full(self._limits.batch_records - 1, self._limits.batch_bytes):
            left = until - time.monotonic()
            if left <= 0 or self._hurry.wait(min(STEP, left)):
                return
