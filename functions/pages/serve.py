"""The page as a server on this machine: `trilog serve page`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from functions.pipeline.errors import TransientError, TrilogError

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
_NAMES = {HOST, "localhost"}  # a page of somebody else's that names this address otherwise must not read this one
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class PageServer(ThreadingHTTPServer):
    """Serves the page on a port of 127.0.0.1 (0: a free one); `/?since=1h&until=10m` is that of a period."""

    daemon_threads = True

    def __init__(self, make: Callable[[str | None, str | None], str], port: int) -> None:
        """Take what makes the page of a period, given as users write times; it is called by one thread at a time."""
        super().__init__((HOST, port), _Handler)
        self._make, self._turn = make, Lock()

    def answer(self, path: str, host: str) -> tuple[HTTPStatus, str]:
        """Return the status, and the page or what is wrong."""
        asked = urlsplit(path)
        if urlsplit(f"//{host}").hostname not in _NAMES:
            return HTTPStatus.MISDIRECTED_REQUEST, f"Open http://{HOST}:{self.server_address[1]}"
        if asked.path != "/":
            return HTTPStatus.NOT_FOUND, "There is one page, at /"
        given = parse_qs(asked.query)
        try:
            with self._turn:
                return HTTPStatus.OK, self._make(*(given.get(name, [None])[-1] for name in ("since", "until")))
        except ArgumentTypeError as error:
            return HTTPStatus.BAD_REQUEST, f"since and until take {error}"
        except TransientError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, str(error)
        except TrilogError as error:
            return HTTPStatus.INTERNAL_SERVER_ERROR, str(error)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "trilog", ""
    timeout = 30  # seconds without a byte

    def _answer(self) -> None:
        status, text = self.server.answer(self.path, self.headers.get("Host", ""))
        body = text.encode()
        self.send_response(status)
        kind = "html" if status is HTTPStatus.OK else "plain"
        for name, value in {**_HEADERS, "Content-Type": f"text/{kind}; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: who looks at a page does not look at the terminal."""

    do_GET = do_HEAD = _answer  # noqa: N815 (http.server's)
