"""Where batches go: an HTTP endpoint, a file, or standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trilog_client.batches import Batch


class RefusedError(Exception):
    """The destination will never take this batch; the text says why."""


class UnavailableError(Exception):
    """The destination does not take anything now; the text says why.

    Args:
        reason: the text.
        retry_after: the seconds after which the destination wants to be asked again, if it said so.
        told_at_once: whether only its user can make it available, who should know of it now.
    """

    def __init__(self, reason: str, *, retry_after: float = 0, told_at_once: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.told_at_once = told_at_once


class Destination(Protocol):
    """Takes batches, one at a time, from one thread."""

    name: str

    def send(self, batch: Batch) -> None:
        """Send a batch. The same batch may be sent again.

        Raises:
            RefusedError: it will never be taken.
            UnavailableError: it should be sent again later.
        """

    def close(self) -> None:
        """Close what is open, such as a connection; `send` opens another."""

    def abandon(self) -> None:
        """Leave what is open to the parent of this process, which was forked."""
