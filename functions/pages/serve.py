"""The page as a server on this machine: `trilog serve page`."""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from functions.pipeline.errors import TransientError, TrilogError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Make = Callable[[str | None, str | None], str]
    Find = Callable[[Mapping[str, str]], str]

HOST = "127.0.0.1"
_NAMES = {HOST, "localhost"}  # a page of somebody else's that names this address otherwise must not read this one
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Answer(NamedTuple):
    """An answer to a request: its body is text, of a type such as "text/plain"."""

    status: HTTPStatus
    body: str
    type: str = "text/plain"


class PageServer(ThreadingHTTPServer):
    """Serves the page on a port of 127.0.0.1 (0: a free one).

    `/?since=1h&until=10m` is the page of a period, `/records?level=error` the records that its search asks for, as JSON
    lines.
    """

    daemon_threads = True

    def __init__(self, make: Make, find: Find, port: int) -> None:
        """Take what makes the page of a period, given as users write times, and what finds records as JSON lines.

        One thread at a time calls them. They raise ValueError for what is wrong in a request.
        """
        super().__init__((HOST, port), _Handler)
        self._make, self._find, self._turn = make, find, Lock()

    def answer(self, path: str, host: str) -> Answer:
        """Return the page, the records, or what is wrong."""
        asked = urlsplit(path)
        if urlsplit(f"//{host}").hostname not in _NAMES:
            return Answer(HTTPStatus.MISDIRECTED_REQUEST, f"Open http://{HOST}:{self.server_address[1]}")
        if asked.path not in {"/", "/records"}:
            return Answer(HTTPStatus.NOT_FOUND, "There is one page, at /")
        given = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        try:
            with self._turn:
                return self._found(given) if asked.path == "/records" else self._page(given)
        except ValueError as error:
            return Answer(HTTPStatus.BAD_REQUEST, str(error))
        except TransientError as error:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except TrilogError as error:
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))

    def _page(self, given: Mapping[str, str]) -> Answer:
        return Answer(HTTPStatus.OK, self._make(given.get("since"), given.get("until")), "text/html")

    def _found(self, given: Mapping[str, str]) -> Answer:
        return Answer(HTTPStatus.OK, self._find(given), "application/x-ndjson")


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "trilog", ""
    timeout = 30  # seconds without a byte

    def _answer(self) -> None:
        status, text, kind = self.server.answer(self.path, self.headers.get("Host", ""))
        body = text.encode()
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": f"{kind}; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: who looks at a page does not look at the terminal."""

    do_GET = do_HEAD = _answer  # noqa: N815 (http.server's)
