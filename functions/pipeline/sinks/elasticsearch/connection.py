"""One kept-alive HTTP connection to Elasticsearch, light enough for a cold start."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from functions.pipeline.errors import PermanentError
from functions.pipeline.sinks.elasticsearch.failures import cannot_connect
from functions.pipeline.sinks.elasticsearch.options import tls_context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPConnection

    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions


class Response(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Sends requests over one connection, which the first opens and the next find open."""

    def __init__(self, options: ElasticsearchOptions, timeout: float) -> None:
        """Take the address and the credentials; `timeout` is in seconds, for connecting and for each answer."""
        self._options = options
        self._address = urlsplit(options.address or "")
        self._timeout = timeout
        self._http: HTTPConnection | None = None
        self._over = False

    def close(self) -> None:
        """Close the connection for good: work that was left at its deadline ends when it makes its next request."""
        self._over = True
        self._hang_up()

    def _hang_up(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send a request and return the answer, whatever its status. `headers` describe the body.

        Raises:
            TransientError: no answer came: refused, dropped, timed out.
            PermanentError: the server's certificate cannot be verified, or it does not speak TLS; or the connection
                was closed for good.
        """
        from http.client import HTTPException  # it imports ssl

        kept = self._http is not None
        try:
            return self._send(method, path, body, headers or {})
        except (OSError, HTTPException) as error:
            # Between two requests a server may end a kept connection, or a function be frozen: no failure yet.
            if not kept or isinstance(error, TimeoutError):
                raise cannot_connect(self._options, error) from error
        return self.request(method, path, body, headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        try:
            self._http = self._http or self._open()
            # After a broken pipe the server did not want the rest of the body, and may have said why.
            with suppress(BrokenPipeError):
                self._http.request(method, self._address.path + path, body, self._identified(headers))
            with self._http.getresponse() as response:
                return Response(response.status, dict(response.headers), self._without_credentials(response.read()))
        except BaseException:
            self._hang_up()
            raise

    def _open(self) -> HTTPConnection:
        if self._over:
            raise PermanentError("The connection to Elasticsearch at {host} has been closed", host=self._options.shown)
        from http.client import HTTPConnection, HTTPSConnection  # it imports ssl

        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "http":
            return HTTPConnection(host, port, timeout=self._timeout)
        return HTTPSConnection(host, port, timeout=self._timeout, context=tls_context(self._options))

    def _without_credentials(self, body: bytes) -> bytes:
        """Take out of an answer what a proxy's error page may quote of the request: answers reach messages and logs."""
        return body.replace(self._options.authorization.encode(), b"***") if self._options.authorization else body

    def _identified(self, headers: Mapping[str, str]) -> dict[str, str]:
        common = {"Accept": "application/json", "User-Agent": "trilog"}
        if self._options.authorization:
            common["Authorization"] = self._options.authorization
        return {**headers, **common}
