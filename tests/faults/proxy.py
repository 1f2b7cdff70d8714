"""A network between the sink and the real Elasticsearch, which loses answers or is slow."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx

from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fault = Callable[[bytes], bytes]
    """Takes what the server answered; returns what arrives. When that is less, the connection ends."""


class Network:
    """The way to a server. `faults` are what the next bulk requests suffer, which the server has executed by then."""

    def __init__(self, target: str) -> None:
        self.faults: list[Fault] = []
        self.target = httpx.Client(base_url=target, timeout=30)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let connections through; without this, they are refused."""
        handler = type("Handler", (_Handler,), {"network": self})
        with ThreadingHTTPServer(("127.0.0.1", self._port), handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: two would wait 40 ms for each other
    network: Network

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.startswith(("Content-T", "Content-E"))}
        answer = self._answer(self.network.target.request(self.command, self.path, content=body, headers=headers))
        suffers = "/_bulk" in self.path and self.network.faults
        arriving = self.network.faults.pop(0)(answer) if suffers else answer
        self.wfile.write(arriving)
        self.close_connection = len(arriving) < len(answer)

    do_POST = do_PUT = do_GET  # noqa: N815 (named by the standard library)

    def _answer(self, answer: httpx.Response) -> bytes:
        kind, length = answer.headers["Content-Type"], len(answer.content)
        head = f"HTTP/1.1 {answer.status_code} \r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        return head.encode() + answer.content

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep the tests' output for the tests."""


def lost(_answer: bytes) -> bytes:
    """Drop the connection instead of answering."""
    return b""


def half(answer: bytes) -> bytes:
    """Drop the connection in the middle of the answer."""
    return answer[: len(answer) // 2]


def late(seconds: float) -> Fault:
    """Answer only after this time."""

    def fault(answer: bytes) -> bytes:
        time.sleep(seconds)
        return answer

    return fault
