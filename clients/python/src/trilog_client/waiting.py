"""The records that wait to be sent, in memory."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue

_WAKE = None  # what stands for no record, and only wakes up who waits


class Waiting:
    """A bounded queue of records for many threads that put and few that take.

    `SimpleQueue` and the reentrant lock also let a signal handler or a finaliser put, in the middle of another `put`.
    """

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._bytes = 0
        self.accepted = 0  # records that were ever put
        self._lock = threading.RLock()

    def put(self, record: bytes) -> bool:
        """Add a record; return False, without adding it, where there is no room."""
        with self._lock:
            if self._queue.qsize() >= self._max_records or self._bytes + len(record) > self._max_bytes:
                return False
            self._bytes += len(record)
            self.accepted += 1
            self._queue.put(record)
        return True

    def put_back(self, records: list[bytes]) -> None:
        """Add records that were taken already, whatever room there is."""
        with self._lock:
            self._bytes += sum(map(len, records))
            for record in records:
                self._queue.put(record)

    def wait(self, timeout: float | None) -> list[bytes]:
        """Wait until there is a record, and take it; none where `wake` came first, or the seconds are over."""
        with suppress(Empty):
            first = self._queue.get(timeout=timeout)
            return self._taken([] if first is _WAKE else [first])
        return []

    def take(self, max_records: int, max_bytes: int) -> list[bytes]:
        """Take what is there, without waiting. The last record may exceed the bytes."""
        records: list[bytes] = []
        size = 0
        with suppress(Empty):
            while len(records) < max_records and size < max_bytes:
                record = self._queue.get_nowait()
                if record is not _WAKE:
                    records.append(record)
                    size += len(record)
        return self._taken(records)

    def wake(self) -> None:
        """Let a `wait` that is going on, or else the next one, return at once."""
        self._queue.put(_WAKE)

    def full(self, records: int, size: int) -> bool:
        """Say whether so many records or so many bytes wait."""
        return self._queue.qsize() >= records or self._bytes >= size

    def __bool__(self) -> bool:
        """Say whether there may be a record."""
        return not self._queue.empty()

    def _taken(self, records: list[bytes]) -> list[bytes]:
        with self._lock:
            self._bytes -= sum(map(len, records))
        return records
