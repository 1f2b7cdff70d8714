"""A server that takes batches by the contract of the ingest function, with the faults that a test asks for."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TOKEN = "token-of-the-test"  # noqa: S105 - of this server


@dataclass
class Answer:
    """What a request is answered instead of 202; the connection is cut without an answer if `status` is 0."""

    status: int = 202
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0  # seconds before it
    stored: bool = False  # although the answer says something else


@dataclass
class Request:
    """What came."""

    at: float
    connection: tuple[str, int]
    key: str
    lines: list[bytes]
    status: int


class Ingest(ThreadingHTTPServer):
    """Stores batches by their keys, so that a batch that comes again changes nothing."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._tls = certificate and ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self._tls:
            self._tls.load_cert_chain(certificate)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_port}/logs"
        self.answers: deque[Answer] = deque()
        self.always = Answer()
        self.requests: list[Request] = []
        self.stored: dict[str, list[bytes]] = {}

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak TLS first, if there is a certificate."""
        if not self._tls:
            super().finish_request(request, client_address)
            return
        with self._tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that are gone: tests kill them."""

    def records(self) -> list[dict[str, Any]]:
        """Return all that is stored, read strictly: NaN is no JSON."""
        return [strict(line) for lines in list(self.stored.values()) for line in lines]

    def wait(self, records: int, seconds: float = 15) -> list[dict[str, Any]]:
        """Wait until so many records are stored."""
        until = time.monotonic() + seconds
        while sum(map(len, list(self.stored.values()))) < records and time.monotonic() < until:
            time.sleep(0.01)
        return self.records()


def strict(line: bytes) -> dict[str, Any]:
    return json.loads(line, parse_constant=lambda name: 1 / 0 if name else None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Ingest

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answers.popleft() if self.server.answers else self.server.always
        time.sleep(answer.delay)
        lines = self._lines(body)
        status = self._refusal() or answer.status
        key = self.headers["Idempotency-Key"]
        self.server.requests.append(Request(time.monotonic(), self.client_address, key, lines, status))
        if status == 202 or answer.stored:
            self.server.stored.setdefault(key, lines)
        self._answer(status, answer.headers)

    def _refusal(self) -> int:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401
        return 415 if self.headers["Content-Type"] != "application/x-ndjson" or self.path != "/logs" else 0

    def _lines(self, body: bytes) -> list[bytes]:
        assert self.headers["Content-Encoding"] == "gzip"
        content = gzip.decompress(body)
        assert content.endswith(b"\n")
        return content.splitlines()

    def _answer(self, status: int, headers: Mapping[str, str]) -> None:
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {"Content-Length": "2", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library calls it
        pass


@contextmanager
def serving(port: int = 0, certificate: Path | None = None) -> Iterator[Ingest]:
    """Run one in this process."""
    server = Ingest(port, certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    with serving() as running:
        print(running.url, flush=True)  # noqa: T201 - for whoever started it
        input()
