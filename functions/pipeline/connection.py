"""One kept-alive HTTP connection to a server, light enough for a cold start."""

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from http.client import HTTPConnection

    from functions.pipeline.errors import TrilogError


class Server(NamedTuple):
    """Whom requests are sent to.

    Attributes:
        name: what messages call it.
        address: http:// or https://, without credentials; a path stands before those of the requests.
        authorization: the header that signs in, or None.
        headers: others that each request has.
        unreachable: makes the error for a request that got no answer.
        tls_context: makes the context that verifies its certificate.
    """

    name: str
    address: str
    authorization: str | None
    headers: "Mapping[str, str]"
    unreachable: "Callable[[Exception], TrilogError]"
    tls_context: "Callable[[], ssl.SSLContext]"


class Response(NamedTuple):
    """What the server answered."""

    status: int
    headers: "Mapping[str, str]"
    body: bytes


class Connection:
    """Sends requests over one connection, which the first opens and the next find open."""

    def __init__(self, server: Server, timeout: float) -> None:
        """Take whom to ask; `timeout` is in seconds, for connecting and for each answer."""
        self._server = server
        self._address = urlsplit(server.address)
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
        self, method: str, path: str, body: bytes | None = None, headers: "Mapping[str, str] | None" = None
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
                raise self._server.unreachable(error) from error
        return self.request(method, path, body, headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: "Mapping[str, str]") -> Response:
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

    def _open(self) -> "HTTPConnection":
        if self._over:
            raise PermanentError("The connection to {server} has been closed", server=self._server.name)
        from http.client import HTTPConnection, HTTPSConnection  # it imports ssl

        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "http":
            return HTTPConnection(host, port, timeout=self._timeout)
        return HTTPSConnection(host, port, timeout=self._timeout, context=self._server.tls_context())

    def _without_credentials(self, body: bytes) -> bytes:
        """Take out of an answer what a proxy's error page may quote of the request: answers reach messages and logs."""
        header = self._server.authorization
        return body.replace(header.encode(), b"***") if header else body

    def _identified(self, headers: "Mapping[str, str]") -> dict[str, str]:
        common = {"Accept": "application/json", "User-Agent": "trilog", **self._server.headers}
        if self._server.authorization:
            common["Authorization"] = self._server.authorization
        return {**headers, **common}
