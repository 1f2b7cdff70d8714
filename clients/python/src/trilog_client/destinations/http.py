"""An HTTP endpoint, such as Trilog's ingest function."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - a connection needs it, and an import that a fork cuts in two fails in the child
import gzip
import os
import time
from email.utils import parsedate_to_datetime
from http.client import BadStatusLine, HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from trilog_client.destinations import RefusedError, UnavailableError
from trilog_client.version import __version__

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from trilog_client.batches import Batch

_GZIP_LEVEL: Final = 5
_MAX_ANSWER: Final = 64 * 1024  # bytes that are read of an answer
_LONGEST_RETRY_AFTER: Final = 3600.0  # seconds
_LATER: Final = frozenset((408, 429))
_UNAUTHORISED: Final = 401
# The server closed a kept connection before it saw the request.
_CLOSED: Final = (BadStatusLine, ConnectionResetError, ConnectionAbortedError, BrokenPipeError)

_abandoned: list[HTTPConnection] = []


class HttpDestination:
    """Posts batches over one connection, which is kept open.

    Args:
        url: where to, as `https://host/logs`.
        token: what `Authorization: Bearer` says; none if empty.
        timeout: the seconds to wait for the server, each time.

    Raises:
        ValueError: the URL names no host, or the token has characters that no header can have.
    """

    def __init__(self, url: str, token: str, timeout: float) -> None:
        parts = urlsplit(url)
        if not parts.hostname or parts.username is not None:
            raise ValueError("TRILOG_URL must be https://HOST/logs: with a host, and with no user or password in it")
        if not (token.isascii() and token.isprintable()):
            raise ValueError("TRILOG_TOKEN may have no line breaks and no characters beyond ASCII")
        self.name = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._host, self._port = parts.hostname, parts.port
        self._secure = parts.scheme == "https"
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout
        self._headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "User-Agent": f"trilog-client/{__version__}",
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        self._connection: HTTPConnection | None = None

    def send(self, batch: Batch) -> None:
        """Post a batch.

        Raises:
            RefusedError: the server says that this batch will never do.
            UnavailableError: there is no answer, or one that says to try again later, or the token or the URL is wrong.
        """
        body = gzip.compress(batch.content, _GZIP_LEVEL)
        try:
            answer = self._ask(body, {**self._headers, "Idempotency-Key": batch.key})
        except (OSError, HTTPException) as error:
            self.close()
            raise UnavailableError(f"{self.name}: {str(error) or type(error).__name__}") from error
        self._judge(answer)

    def close(self) -> None:
        """Close the connection; the next batch opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abandon(self) -> None:
        """Leave the connection to the parent of this process: its descriptor is closed, nothing else is touched.

        A thread of the parent may have held its locks, which nobody releases here: to close or to free it would wait.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            _abandoned.append(connection)
            if connection.sock is not None:
                os.close(connection.sock.detach())

    def _ask(self, body: bytes, headers: dict[str, str]) -> HTTPResponse:
        if self._connection is not None:
            try:
                return self._exchange(self._connection, body, headers)
            except _CLOSED:
                self.close()
        self._connection = self._connect()
        return self._exchange(self._connection, body, headers)

    def _connect(self) -> HTTPConnection:
        kind = HTTPSConnection if self._secure else HTTPConnection
        return kind(self._host, self._port, timeout=self._timeout)

    def _exchange(self, connection: HTTPConnection, body: bytes, headers: dict[str, str]) -> HTTPResponse:
        connection.request("POST", self._target, body, headers)
        answer = connection.getresponse()
        answer.read(_MAX_ANSWER)
        if not answer.isclosed():  # there is more, which would be taken for the next answer
            self.close()
        return answer

    def _judge(self, answer: HTTPResponse) -> None:
        said = f"{self.name}: HTTP {answer.status}"
        if 200 <= answer.status < 300:  # noqa: PLR2004 - success
            return
        if answer.status == _UNAUTHORISED:
            raise UnavailableError(f"{said}: the server refuses TRILOG_TOKEN", told_at_once=True)
        if 300 <= answer.status < 400:  # noqa: PLR2004 - a redirection
            raise UnavailableError(
                f"{said}: the endpoint is elsewhere; set TRILOG_URL to where it is", told_at_once=True
            )
        if 400 <= answer.status < 500 and answer.status not in _LATER:  # noqa: PLR2004 - the client's fault
            raise RefusedError(said)
        raise UnavailableError(said, retry_after=_seconds(answer.getheader("Retry-After")))


def _seconds(retry_after: str | None) -> float:
    """Read the header Retry-After, which is seconds or a date; 0 where there is none."""
    if retry_after is None:
        return 0
    try:
        wanted = float(retry_after) if retry_after.strip().isdigit() else _until(retry_after)
    except (ValueError, TypeError, OverflowError):  # TypeError: Python 3.9's for what is no date
        return 0
    return min(max(wanted, 0), _LONGEST_RETRY_AFTER)


def _until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time.time()
