"""Lambda's Runtime API for one process: it asks for invocations and posts what became of them."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_VERSION = "/2018-06-01/runtime"
_POLL_S = 0.05  # the longest that `close` waits


class Happening(NamedTuple):
    """Something that a process did: what, in which invocation ("" in none), and with which body.

    It is "ready" whenever it asks for an invocation; it posts a "response", an "error" of the handler, or an
    "init_error"; it comes to its "exit", with how as the body.
    """

    kind: Literal["ready", "response", "error", "init_error", "exit"]
    invocation: str = ""
    body: bytes = b""


class _Next(NamedTuple):
    event: bytes
    headers: Mapping[str, str]


class RuntimeApi:
    """The API on a free port of the loopback address; tells `happened` what the process does.

    `address` is what the process finds in AWS_LAMBDA_RUNTIME_API.
    """

    def __init__(self, happened: Callable[[Happening], None]) -> None:
        self.happened = happened
        self._next: SimpleQueue[_Next | None] = SimpleQueue()
        self._server = _Server(("127.0.0.1", 0), _Request)
        self._server.api = self
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, args=(_POLL_S,), name="runtime-api", daemon=True).start()

    def give(self, event: bytes, headers: Mapping[str, str]) -> None:
        """Let the process have an invocation."""
        self._next.put(_Next(event, headers))

    def take(self) -> _Next | None:
        """Wait for an invocation; None at the end."""
        self.happened(Happening("ready"))
        return self._next.get()

    def close(self) -> None:
        """Stop serving."""
        self._next.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingMixIn, TCPServer):  # an HTTPServer would look up the name of its own address first
    daemon_threads = True
    api: RuntimeApi


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer's headers must not wait for the acknowledgement of the last packet
    server: _Server

    def do_GET(self) -> None:
        if self.path != f"{_VERSION}/invocation/next":
            self._answer(HTTPStatus.NOT_FOUND)
        elif given := self.server.api.take():
            self._answer(HTTPStatus.OK, given.event, given.headers)
        else:
            self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.path.removeprefix(_VERSION).strip("/").split("/"):
            case ["invocation", invocation, ("response" | "error") as kind]:
                happening = Happening(kind, invocation, body)
            case ["init", "error"]:
                happening = Happening("init_error", body=body)
            case _:
                self._answer(HTTPStatus.NOT_FOUND)
                return
        self._answer(HTTPStatus.ACCEPTED, json.dumps({"status": "OK"}).encode())
        self.server.api.happened(happening)

    def _answer(self, status: HTTPStatus, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what the function does stands in its own log."""
