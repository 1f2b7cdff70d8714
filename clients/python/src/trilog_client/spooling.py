"""Batches that are written to disk before they are sent."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from trilog_client.losses import say
from trilog_client.memory import STEP, Memory

if TYPE_CHECKING:
    from trilog_client.batches import Batch
    from trilog_client.limits import Limits
    from trilog_client.spool import Spool
    from trilog_client.waiting import Waiting

_GATHER: Final = 0.01  # seconds in which records are gathered for one write
_RETRY: Final = 2.0  # seconds after which a disk that took nothing is tried again
_ADOPT: Final = 30.0  # seconds between two looks at what others left


class Spooling:
    """A source of batches; `write` is its other side, and runs in a thread of its own.

    While the disk takes nothing, batches are made of what waits in memory instead.
    """

    def __init__(self, spool: Spool, waiting: Waiting, limits: Limits, hurry: threading.Event) -> None:
        self._spool = spool
        self._waiting = waiting
        self._limits = limits
        self._hurry = hurry
        self._memory = Memory(waiting, limits, hurry)
        self._spooled = threading.Event()  # there may be something on disk
        self._failing = False
        self._complaint_due = 0.0
        self._adopt_due = 0.0
        self._closing = threading.Event()
        self.written = threading.Event()
        """Set when `write` has ended: all that was put is on disk, or else still in memory."""

    def write(self) -> None:
        """Write what waits to disk, until `close` is called."""
        try:
            while not (self._closing.is_set() and not self._waiting):
                records = self._waiting.wait(_RETRY if self._failing else None)
                time.sleep(0 if self._hurry.is_set() else _GATHER)
                records += self._waiting.take(self._limits.batch_records, self._limits.batch_bytes)
                if records and not self._kept(records) and self._closing.wait(_RETRY):
                    return
        finally:
            self.written.set()
            self._spooled.set()

    def next(self, timeout: float) -> tuple[Batch, int] | None:
        """Wait for a batch, and say how many of its records are of this process; None where there is none in time."""
        self._adopt()
        if not self._spool and self._failing:
            return self._memory.next(STEP)
        if not self._spool:
            self._spooled.wait(min(timeout, _ADOPT))
        self._spooled.clear()
        self._linger()
        return self._spool.oldest()

    def done(self, batch: Batch) -> None:
        """Delete a batch that was sent, if it is on disk."""
        self._spool.remove(batch.key)

    def close(self) -> None:
        """End `write` as soon as nothing waits."""
        self._closing.set()
        self._waiting.wake()

    def empty(self) -> bool:
        """Say whether all that was put is sent."""
        return self.written.is_set() and not self._waiting and not self._spool.own_records()

    def durable(self) -> bool:
        """Say whether what is not sent when this process ends is sent by another."""
        return not self._failing

    def kept(self) -> int:
        """Return how many records of this process are on disk."""
        return self._spool.own_records()

    def abandon(self) -> None:
        """Leave what is on disk to the parent of this process."""
        self._spool.abandon()

    def _kept(self, records: list[bytes]) -> bool:
        try:
            self._spool.append(records)
        except OSError as error:
            self._complain(error)
            self._waiting.put_back(records)
            self._failing = True
            self._spooled.set()
            return False
        self._failing = False
        self._spooled.set()
        return True

    def _complain(self, error: OSError) -> None:
        if time.monotonic() >= self._complaint_due:
            self._complaint_due = time.monotonic() + 60
            say(logging.WARNING, f"TRILOG_SPOOL cannot be written to ({error}): records wait in memory meanwhile")

    def _adopt(self) -> None:
        if time.monotonic() >= self._adopt_due:
            self._adopt_due = time.monotonic() + _ADOPT
            self._spool.adopt()

    def _linger(self) -> None:
        until = time.monotonic() + self._limits.interval
        while self._spool and not self._spool.full():
            left = until - time.monotonic()
            if left <= 0 or self._hurry.wait(min(STEP, left)):
                return
