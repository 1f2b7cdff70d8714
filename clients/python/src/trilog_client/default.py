"""The client that everything uses which is not given another."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from trilog_client.client import Client
from trilog_client.losses import say

if TYPE_CHECKING:
    from trilog_client.limits import Limits

_client: Client | None = None
_making = threading.RLock()


def configure(
    url: str | None = None, token: str | None = None, spool: str | None = None, limits: Limits | None = None
) -> Client:
    """Make the client that is used from now on, and return it; the one before sends what it has, and is closed.

    Without a call of this one the first record makes a client, by the environment.

    Args:
        url: where to, as for `Client`; what is None is read from TRILOG_URL, TRILOG_TOKEN and TRILOG_SPOOL.
        token: what the server knows the application by.
        spool: the folder for what is not sent yet.
        limits: the bounds.

    Raises:
        ValueError: the URL, the token or the spool cannot be used.
    """
    global _client
    made = Client(url, token, spool, limits)
    with _making:
        before, _client = _client, made
    if before is not None:
        before.close()
    return made


def default_client() -> Client:
    """Return the client that is used; where the environment does not say where to send, that is standard output."""
    return _client or _made()


def send_log_to_elastic(log_data: object) -> None:
    """Send a document to Trilog, which indexes it in Elasticsearch. It returns within microseconds and never raises.

    Args:
        log_data: the document, a dictionary; `Client.send` says what becomes of its values.
    """
    (_client or _made()).send(log_data)


def flush(timeout: float = 5.0) -> bool:
    """Wait until all that was sent so far has arrived or was refused; return False if that takes longer."""
    return _client is None or _client.flush(timeout)


def _made() -> Client:
    global _client  # noqa: PLW0603 - there is one
    with _making:
        if _client is None:
            try:
                _client = Client()
            except ValueError as error:
                say(logging.WARNING, f"{error}. Records go to standard output")
                _client = Client(url="-", token="", spool="")
        return _client


def _after_fork() -> None:
    global _making  # noqa: PLW0603 - another thread of the parent may hold it
    _making = threading.RLock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
