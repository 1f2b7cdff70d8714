"""A small HTTP/1.1 server for fakes that must never be what a benchmark waits for."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Request(NamedTuple):
    """What a client asks; the names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[bytes, bytes]
    body: bytes


class Answer(NamedTuple):
    """What it is told."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


class Exchanges(asyncio.Protocol):
    """One connection: takes requests, one after the other, and answers each at once."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        self._came = bytearray()
        self._head: tuple[str, str, dict[bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (request := self._request()) is not None:
            self._send(request, self._answer(request))

    def _request(self) -> Request | None:
        """Take a request off what came; None while it is not whole."""
        if self._head is None and not self._read_head():
            return None
        assert self._head is not None
        method, target, headers = self._head
        body = self._chunks() if b"transfer-encoding" in headers else self._body(int(headers.get(b"content-length", 0)))
        if body is None:
            return None
        self._head = None
        return Request(method, target, headers, body)

    def _read_head(self) -> bool:
        end = self._came.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *rest = bytes(self._came[:end]).split(b"\r\n")
        del self._came[: end + 4]
        method, target, _ = first.decode().split(" ")
        pairs = (line.partition(b":") for line in rest)
        self._head = (method, target, {name.lower(): value.strip() for name, _, value in pairs})
        if b"expect" in self._head[2]:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _body(self, length: int) -> bytes | None:
        if len(self._came) < length:
            return None
        body = bytes(memoryview(self._came)[:length])
        del self._came[:length]
        return body

    def _chunks(self) -> bytes | None:
        parts, at = [], 0
        while (end := self._came.find(b"\r\n", at)) >= 0:
            size = int(self._came[at:end], 16)
            at = end + 2 + size + 2
            if len(self._came) < at:
                return None
            if not size:
                del self._came[:at]
                return b"".join(parts)
            parts.append(bytes(self._came[end + 2 : end + 2 + size]))
        return None

    def _send(self, request: Request, answer: Answer) -> None:
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} ?", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        head = "\r\n".join(lines).encode()
        self._transport.write(head if request.method == "HEAD" else head + answer.body)


def serve(connection: Callable[[], asyncio.Protocol]) -> None:
    """Serve on a free port of 127.0.0.1, which is printed, until the process is told to end."""
    asyncio.run(_serve(connection))


async def _serve(connection: Callable[[], asyncio.Protocol]) -> None:
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    server = await loop.create_server(connection, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await ending.wait()
