"""Locks on files, which the system gives up when the process that holds one ends, however it ends."""

from __future__ import annotations

import sys

if sys.platform == "win32":  # files are not locked there: see `SUPPORTED`

    def lock_when_free(descriptor: int) -> None:
        """Do nothing."""

    def lock_if_free(descriptor: int) -> bool:  # noqa: ARG001 - as below
        """Lock nothing."""
        return False

    SUPPORTED = False
else:
    import fcntl

    def lock_when_free(descriptor: int) -> None:
        """Wait until nobody else has a lock on an open file, and lock it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def lock_if_free(descriptor: int) -> bool:
        """Lock an open file; return False where somebody else has."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    SUPPORTED = True
"""Whether this system has them."""
