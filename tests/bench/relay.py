"""Stands between a client and a server, and tells at its end how long the server was at work on a request.

The server is at work from the last byte of a request until the first byte of the answer. The rest of the time it waits
for the client, or sends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tests.bench.http_server import serve


class Relay(asyncio.Protocol):
    """A client's connection, and the one to the server that belongs to it."""

    spans: list[tuple[float, float]] = []  # noqa: RUF012 (those of all the connections)

    def __init__(self, port: int) -> None:
        self._port = port
        self._waiting: list[bytes] = []
        self._upstream: asyncio.Transport | None = None
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.client = transport
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._upstream, _ = await loop.create_connection(lambda: _Upstream(self), "127.0.0.1", self._port)
        self._upstream.writelines(self._waiting)

    def data_received(self, data: bytes) -> None:
        self._asked = time.perf_counter()
        if self._upstream is None:
            self._waiting.append(data)
        else:
            self._upstream.write(data)

    def answered(self, data: bytes) -> None:
        """Pass on a piece of an answer; the first one ends the server's work."""
        if self._asked:
            self.spans.append((self._asked, time.perf_counter()))
            self._asked = 0.0
        self.client.write(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.close()


class _Upstream(asyncio.Protocol):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def data_received(self, data: bytes) -> None:
        self._relay.answered(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._relay.client.close()


def at_work(spans: list[tuple[float, float]]) -> float:
    """Return the seconds that are in any of the spans, whichever of several connections it was."""
    total = end = 0.0
    for begun, ended in sorted(spans):
        total += max(0.0, ended - max(begun, end))
        end = max(end, ended)
    return total


if __name__ == "__main__":
    serve(lambda: Relay(int(sys.argv[1])))
    sys.stdout.write(json.dumps({"server_busy_s": round(at_work(Relay.spans), 3)}))
