"""The client: what an application calls, in whatever process it is."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING

from trilog_client.background import Background
from trilog_client.documents import MAX_BYTES, encode
from trilog_client.losses import Losses
from trilog_client.settings import settings

if TYPE_CHECKING:
    from types import TracebackType

    from trilog_client.limits import Limits

_clients: set[Client] = set()  # those that are to be closed at the end of the process


class Client:
    """Sends documents in the background. `send` never raises, waits or grows without bounds.

    Args:
        url: where to: `https://host/logs`, `file:///path`, or `-` for standard output; by default TRILOG_URL, else `-`.
        token: what the server knows the application by; by default TRILOG_TOKEN.
        spool: a folder in which records are kept until they are sent, over the end of the process; several processes
            may share it. By default TRILOG_SPOOL, else none.
        limits: the bounds.

    Raises:
        ValueError: the URL, the token or the spool cannot be used.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, spool: str | None = None, limits: Limits | None = None
    ) -> None:
        self._settings = settings(url, token, spool, limits)
        self._destination = self._settings.destination()
        self._begin()
        _clients.add(self)

    def send(self, log_data: object) -> None:
        """Send a document as it is now: a mapping of what JSON can hold, and of what comes near it.

        Dates become ISO 8601, NaN null, arrays lists, and what nothing is known of becomes its text. A document that
        is longer than a megabyte is dropped and counted.
        """
        record = encode(log_data)
        if len(record) > MAX_BYTES:
            self._losses.add(f"they were longer than {MAX_BYTES} bytes")
        else:
            self._background.put(record)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was sent so far has arrived or was refused; return False if that takes longer."""
        return self._background.flush(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Send what is left, as the end of the process does: for so many seconds, by default `Limits.exit_timeout`."""
        self._background.close(self._settings.limits.exit_timeout if timeout is None else timeout)
        _clients.discard(self)

    def counts(self) -> dict[str, int]:
        """Return how many records this process has `sent`, and how many it has `dropped`."""
        return {"sent": self._background.sent, "dropped": sum(self._losses.counts().values())}

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        self._losses = Losses()
        self._background = Background(self._settings, self._destination, self._losses)

    def _after_fork(self) -> None:
        """Begin anew: what waits, the connection and the spool are the parent's."""
        self._background.abandon()
        self._begin()


def _close_all() -> None:
    for client in list(_clients):
        client.close()


def _after_fork() -> None:
    for client in list(_clients):
        client._after_fork()  # noqa: SLF001 - its own module's


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
