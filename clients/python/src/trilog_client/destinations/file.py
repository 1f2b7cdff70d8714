"""A file that several processes may append to."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from trilog_client.destinations import UnavailableError
from trilog_client.locks import lock_when_free

if TYPE_CHECKING:
    from trilog_client.batches import Batch


class FileDestination:
    """Appends batches to a file, which is opened for each: it may be moved away at any time.

    Raises:
        ValueError: the URL has no absolute path on this machine.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
            raise ValueError("TRILOG_URL: a file is written with three slashes, as file:///var/log/app.ndjson")
        self._path = Path(url2pathname(parts.path))
        self.name = str(self._path)

    def send(self, batch: Batch) -> None:
        """Append a batch as a whole or not at all.

        Raises:
            UnavailableError: it could not be written: no such folder, no permission, no room.
        """
        try:
            with self._path.open("ab", buffering=0) as file:
                _append(file.fileno(), batch.content)
        except OSError as error:
            raise UnavailableError(f"{self.name}: {error.strerror or error}") from error

    def close(self) -> None:
        """Do nothing: nothing stays open."""

    def abandon(self) -> None:
        """Do nothing: nothing stays open."""


def _append(descriptor: int, content: bytes) -> None:
    lock_when_free(descriptor)
    status = os.fstat(descriptor)
    written = os.write(descriptor, content)
    if written < len(content):
        if stat.S_ISREG(status.st_mode):
            os.ftruncate(descriptor, status.st_size)
        raise OSError(f"only {written} of {len(content)} bytes could be written")
