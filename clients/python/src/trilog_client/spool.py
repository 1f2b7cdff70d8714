"""Batches on disk, which are still there when the process is not.

A folder holds segments: files of lines, each of them a batch, its name the batch's key. A process has a lock on each of
its own segments. One without a lock was left by a process that has ended, and whoever locks it first sends it.
"""

from __future__ import annotations

import errno
import json
import os
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trilog_client.batches import Batch
from trilog_client.locks import lock_if_free

if TYPE_CHECKING:
    from pathlib import Path

    from trilog_client.limits import Limits

_SUFFIX: Final = ".ndjson"
_MOST_ADOPTED: Final = 50  # segments of others that are taken at a time, each of which is an open file


@dataclass
class _Segment:
    path: Path
    descriptor: int
    records: int = 0  # of this process
    size: int = 0
    sealed: bool = False  # it is being sent: nothing is added any more
    adopted: bool = False

    @property
    def key(self) -> str:
        return self.path.stem


class Spool:
    """The segments of one process in a folder that others use, too; any of its threads may call it."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._segments: list[_Segment] = []  # the oldest first
        self._lock = threading.Lock()

    def append(self, records: list[bytes]) -> None:
        """Write records to disk: all of them, or none and raise.

        Raises:
            OSError: the disk or the spool is full, or the folder cannot be written to.
        """
        content = b"".join(records)
        with self._lock:
            segment = self._open_segment()
            written = os.write(segment.descriptor, content)
            if written < len(content):
                os.ftruncate(segment.descriptor, segment.size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            segment.size += written
            segment.records += len(records)

    def oldest(self) -> tuple[Batch, int] | None:
        """Return the oldest batch, and how many of its records are this process's own; None if there is none."""
        with self._lock:
            if not self._segments:
                return None
            segment = self._segments[0]
            segment.sealed = True
        content = os.pread(segment.descriptor, os.fstat(segment.descriptor).st_size, 0)
        if segment.adopted:
            content = _whole_lines(content)
        return Batch(content, content.count(b"\n"), segment.key), segment.records

    def remove(self, key: str) -> None:
        """Delete a batch that was sent."""
        with self._lock:
            segment = next((each for each in self._segments if each.key == key), None)
            if segment is None:  # it was never on disk
                return
            self._segments.remove(segment)
            with suppress(FileNotFoundError):
                segment.path.unlink()
            os.close(segment.descriptor)

    def adopt(self) -> None:
        """Take over what processes that have ended left in the folder."""
        with self._lock:
            mine = {each.path for each in self._segments}
            for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
                if path not in mine and sum(each.adopted for each in self._segments) < _MOST_ADOPTED:
                    self._adopt(path)
            self._segments.sort(key=lambda each: each.path.name)

    def own_records(self) -> int:
        """Return how many records of this process are on disk."""
        with self._lock:
            return sum(each.records for each in self._segments)

    def full(self) -> bool:
        """Say whether a batch is there that need not wait for more records."""
        with self._lock:
            return len(self._segments) > 1 or any(self._is_full(each) for each in self._segments)

    def __bool__(self) -> bool:
        """Say whether there is a batch."""
        return bool(self._segments)

    def abandon(self) -> None:
        """Leave all segments to the parent of this process, which has the same ones open."""
        for segment in self._segments:
            os.close(segment.descriptor)
        self._segments = []

    def _open_segment(self) -> _Segment:
        last = self._segments[-1] if self._segments else None
        if last is None or last.sealed or last.adopted or self._is_full(last):
            last = self._new_segment()
            self._segments.append(last)
        return last

    def _is_full(self, segment: _Segment) -> bool:
        limits = self._limits
        return segment.adopted or segment.records >= limits.batch_records or segment.size >= limits.batch_bytes

    def _new_segment(self) -> _Segment:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sum(_size(path) for path in self._folder.glob(f"*{_SUFFIX}")) >= self._limits.spool_bytes:
            raise OSError(errno.ENOSPC, f"the spool is full: it has {self._limits.spool_bytes} bytes")
        while True:
            path = self._folder / f"{time.time_ns():020d}-{uuid.uuid4()}{_SUFFIX}"
            descriptor = _locked(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
            if descriptor is not None:  # another process may take a file before it is locked
                return _Segment(path, descriptor)

    def _adopt(self, path: Path) -> None:
        try:
            descriptor = _locked(path, os.O_RDWR)
        except OSError:  # gone meanwhile, or another user's
            return
        if descriptor is not None:
            self._segments.append(_Segment(path, descriptor, sealed=True, adopted=True))


def _locked(path: Path, flags: int) -> int | None:
    """Open and lock a file; None where another process has locked it, or deleted it meanwhile."""
    descriptor = os.open(path, flags, 0o600)
    if lock_if_free(descriptor) and os.fstat(descriptor).st_nlink:
        return descriptor
    os.close(descriptor)
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _whole_lines(content: bytes) -> bytes:
    """Leave out what a process or a machine that was stopped in the middle of writing has left of a line."""
    return b"".join(line for line in content.splitlines(keepends=True) if line.endswith(b"\n") and _is_json(line))


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
