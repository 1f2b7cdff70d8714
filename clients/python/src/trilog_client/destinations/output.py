"""Standard output, a line for each record."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from trilog_client.destinations import RefusedError, UnavailableError

if TYPE_CHECKING:
    from trilog_client.batches import Batch


class OutputDestination:
    """Writes to whatever `sys.stdout` is at that time."""

    name = "standard output"

    def send(self, batch: Batch) -> None:
        """Write the lines of a batch.

        Raises:
            RefusedError: nobody reads standard output any more.
            UnavailableError: it could not be written to.
        """
        try:
            _write(batch.content)
        except BrokenPipeError as error:
            raise RefusedError("standard output is closed") from error
        except (OSError, ValueError) as error:  # a closed file is a ValueError
            raise UnavailableError(f"standard output: {error}") from error

    def close(self) -> None:
        """Do nothing: it is not ours."""

    def abandon(self) -> None:
        """Do nothing: nothing is open."""


def _write(content: bytes) -> None:
    """Write past Python's buffer, whose lock this thread must not hold when the process forks or ends."""
    if sys.stdout is None:
        raise BrokenPipeError
    descriptor = _descriptor()
    if descriptor is None:  # a notebook's, or a test's
        sys.stdout.write(content.decode())
        return
    while content:
        content = content[os.write(descriptor, content) :]


def _descriptor() -> int | None:
    try:
        return sys.stdout.fileno()
    except (OSError, AttributeError):
        return None
