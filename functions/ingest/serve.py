"""The ingest function as a server of its own, on this machine: `trilog serve ingest`."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from functions.ingest.messages import Refusal, Request, Response
from functions.pipeline.telemetry import log

if TYPE_CHECKING:
    from functions.ingest.ingest import Ingest

HOST = "127.0.0.1"
_CONNECTIONS = 256  # at once; more wait in the system's queue
_BODY_TIME = 60  # seconds for a whole body
_DRAINED = 64 << 20  # bytes of a refused body that are read away, so that the sender comes to read the answer
_LONGEST_LINE = 1024  # bytes of the line that begins a chunk


class IngestServer(ThreadingHTTPServer):
    """Serves HTTP/1.1 on a port of 127.0.0.1 (0: a free one), a thread for each connection."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, ingest: Ingest, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.ingest = ingest
        self._places = BoundedSemaphore(_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (socketserver's)
        """Begin a connection's thread, as soon as there may be one more."""
        self._places.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (likewise)
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (likewise)
        """Say nothing of senders that went away."""


class _Body:
    """The body of a request on a connection: by its length, or in chunks (RFC 9112, section 7.1)."""

    def __init__(self, handler: _Handler) -> None:
        self._file = handler.rfile
        self._begin = handler.send_continue
        self._chunked = "chunked" in handler.headers.get("Transfer-Encoding", "").lower()
        length = handler.headers.get("Content-Length", "0")
        self.sound = self._chunked or length.isdecimal()
        self._left = 0 if self._chunked or not self.sound else int(length[:20])
        self.ended = not self._chunked and self._left == 0
        self._until = time.monotonic() + _BODY_TIME

    def read(self, most: int) -> bytes:
        """Read the next bytes; b"" at the end."""
        if not self.sound:
            raise Refusal(400, "Content-Length: expected a whole number of bytes")
        self._begin()
        if time.monotonic() > self._until:
            raise Refusal(  # a sender tries again after 503, but not after 408
                503,
                "The body did not arrive within {seconds} seconds. Send it again",
                {"Retry-After": "1"},
                seconds=_BODY_TIME,
            )
        if self._chunked and not self._left and not self.ended:
            self._next_chunk()
        if self.ended:
            return b""
        piece: bytes = self._file.read1(min(most, self._left))
        if not piece:
            raise ConnectionError("the sender went away")
        self._left -= len(piece)
        self.ended = not self._chunked and self._left == 0
        if self._chunked and not self._left:
            self._file.readline(_LONGEST_LINE)
        return piece

    def _next_chunk(self) -> None:
        size = self._file.readline(_LONGEST_LINE).partition(b";")[0].strip()
        try:
            self._left = int(size, 16)
        except ValueError:
            self.sound = False
            raise Refusal(400, "The chunks of the body cannot be told apart. Send it again") from None
        if self._left < 0:
            self.sound = False
            raise Refusal(400, "A chunk of the body has a negative size. Send it again")
        if self._left == 0:
            self.ended = True
            while self._file.readline(_LONGEST_LINE).strip():
                """Trailers say nothing that is wanted."""


class _Handler(BaseHTTPRequestHandler):
    server: IngestServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "trilog", ""
    timeout = 30  # seconds without a byte
    wbufsize = -1  # one packet an answer
    _expected = False

    def _answer(self) -> None:
        body = _Body(self)
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        request = Request(self.command, self.path.partition("?")[0], headers, body.read, self.client_address[0])
        try:
            response = self.server.ingest.answer(request)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            return
        except Exception as error:  # noqa: BLE001 (a fault of ours must not end the server)
            log("ERROR", "a request failed", function="ingest", error=type(error).__name__)
            response = Response(500, {"Content-Type": "application/json"}, b'{"error": "Trilog failed. See its log"}')
        self._send(response, body)

    def _send(self, response: Response, body: _Body) -> None:
        if not body.ended:
            self.close_connection = True
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()
        if not body.ended and not self._expected:
            self._drain()

    def _drain(self) -> None:
        """Read away what the sender still sends: a connection that is closed meanwhile takes the answer with it."""
        self.connection.settimeout(1)
        left = _DRAINED
        try:
            while left > 0 and (piece := self.connection.recv(1 << 16)):
                left -= len(piece)
        except OSError:
            return

    def handle_expect_100(self) -> bool:
        """Ask for the body only once it is wanted."""
        self._expected = True
        return True

    def send_continue(self) -> None:
        """Ask for the body, if the sender waits for that."""
        if self._expected:
            self._expected = False
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing: the core logs each request."""

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 (http.server's)
