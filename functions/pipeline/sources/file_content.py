"""The bytes of a file as they are stored, read while something else may be writing them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from functions.pipeline.errors import PermanentError
from functions.pipeline.sources.file_readings import Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

SETTLE_S = 2.0  # a last line without its end is taken once the file has been quiet for so many seconds
BLOCK = 256 << 10  # bytes read at once
_POLL_S = 0.05


class Patience:
    """The waiting of one read for the ends of lines that are being written: SETTLE_S in all, whatever the files."""

    def __init__(self) -> None:
        self._until: float | None = None

    def sees_growth(self, handle: FileIO) -> bool:
        """Wait until the file has grown, or has been quiet for SETTLE_S.

        Raises:
            Unfinished: neither happened in time, or the file was truncated.
        """
        began = time.monotonic()
        self._until = self._until or began + SETTLE_S
        while (status := os.fstat(handle.fileno())).st_size == handle.tell():
            now = time.monotonic()
            if max(time.time() - status.st_mtime, now - began) >= SETTLE_S:
                return False
            if now >= self._until:
                raise Unfinished
            time.sleep(_POLL_S)
        if status.st_size < handle.tell():
            raise Unfinished
        return True


def stored(
    path: Path, inode: int, start: int = 0, patience: Patience | None = None, block: int = BLOCK
) -> Iterator[bytes]:
    """Yield the bytes as stored; none when the path has meanwhile become another file's, or nobody's.

    Args:
        path: where the file is.
        inode: which file it has to be.
        start: the first byte to read.
        patience: waits for the end of a last line; without it, what is there now is all.
        block: how many bytes are read, and yielded, at once.

    Raises:
        PermanentError: the file cannot be read.
        Unfinished: the last line is still being written.
    """
    try:
        with path.open("rb", buffering=0) as handle:
            if os.fstat(handle.fileno()).st_ino == inode:
                handle.seek(start)
                yield from _blocks(handle, patience, block)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(path, error) from error


def is_fresh(path: Path) -> bool:
    """Say whether the file was being written a moment ago, or is gone; raise as `status_of` does."""
    status = status_of(path)
    return status is None or time.time() - status.st_mtime < SETTLE_S


def status_of(path: Path) -> os.stat_result | None:
    """Return what the system knows of the file that a path leads to; None when there is none.

    Raises:
        PermanentError: the system does not let us look.
    """
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def _blocks(handle: FileIO, patience: Patience | None, size: int) -> Iterator[bytes]:
    last = b"\n"
    while True:
        block = handle.read(size)
        if block:
            last = block.rstrip(b"\0")[-1:] or last  # in UTF-16, a NUL byte belongs to the line end
            yield block
        elif not patience or last == b"\n" or not patience.sees_growth(handle):
            return


def _unreadable(path: Path, error: OSError) -> PermanentError:
    return PermanentError(
        "{path} cannot be read: {strerror}; check its permissions, or leave it out",
        path=path,
        strerror=error.strerror,
    )
