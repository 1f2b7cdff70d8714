"""A Space that misbehaves, with a log that the test writes."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.judge import Planted

_ENDPOINT = {"id": 0, "api_name": "logs_api", "inputs": [0, 1], "outputs": [2], "backend_fn": True}
_INPUTS = [{"parameter_name": name, "label": name} for name in ("limit", "offset")]
_DOCUMENTS: dict[str, Any] = {
    "/config": {
        "version": "6.31.0",
        "protocol": "sse_v3",
        "api_prefix": "/gradio_api",
        "connect_heartbeat": False,
        "components": [{"id": number, "type": "number"} for number in range(3)],
        "dependencies": [_ENDPOINT],
    },
    "/gradio_api/info": {
        "named_endpoints": {"/logs_api": {"parameters": _INPUTS, "returns": []}},
        "unnamed_endpoints": {},
    },
    "/gradio_api/queue/join": {"event_id": "1"},
}
_JSON, _STREAM = "application/json", "text/event-stream"


class Space:
    """What Gradio's own client needs of a Space whose /logs_api gives `log`, newest first, as {"total", "logs"}.

    While `answer` is set, it is the answer to every request: its status, its type of content, its content. While `cut`
    is set, streams end after that share of them. While `silent` is set, nothing is answered until it is cleared.
    `pages` counts the pages that were asked for; `cut` and `silent` spare the first `spared` of them.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.log: list[dict[str, str]] = []
        self.answer: tuple[int, str, bytes] | None = None
        self.cut = 1.0
        self.spared = 0
        self.pages = 0
        self.speaking = threading.Event()
        self.speaking.set()
        self._asked: dict[str, list[int]] = {}  # by client

    def say(self, planted: Planted, count: int) -> None:
        """Log so many records more."""
        entry = {"timestamp": "2025-01-20 10:30:00", "level": "INFO"}
        self.log.extend({**entry, "message": planted.mark()} for _ in range(count))

    def reply(self, path: str, body: bytes) -> tuple[int, str, bytes, float]:
        """Answer a request: status, type and content, and the share of the content that is really sent."""
        place = urlsplit(path)
        if place.path.endswith("/join"):
            call = json.loads(body)
            self._asked[call["session_hash"]] = call["data"]
        if place.path.endswith("/data"):
            return self._page(*self._asked[parse_qs(place.query)["session_hash"][0]])
        self._wait()
        status, kind, content = self.answer or (200, _JSON, json.dumps(_DOCUMENTS[place.path]).encode())
        return status, kind, content, 1

    def _page(self, limit: int, offset: int) -> tuple[int, str, bytes, float]:
        self.pages += 1
        page = {"total": len(self.log), "logs": self.log[::-1][offset : offset + limit]}
        done = {"msg": "process_completed", "event_id": "1", "output": {"data": [page]}, "success": True}
        self._wait()
        return 200, _STREAM, f"data: {json.dumps(done)}\n\n".encode(), self.cut if self.pages > self.spared else 1

    def _wait(self) -> None:
        if self.pages >= self.spared:
            self.speaking.wait(60)


class _Handler(BaseHTTPRequestHandler):
    space: Space

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, kind, content, share = self.space.reply(self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: int(len(content) * share)])

    do_POST = do_GET  # noqa: N815 (named by the standard library)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:  # the other side was killed, or had no more time
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep the tests' output for the tests."""


@contextmanager
def misbehaving_space() -> Iterator[Space]:
    """Run a Space on a free port for as long as the context lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {})) as server:
        space = server.RequestHandlerClass.space = Space(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield space
        finally:
            space.speaking.set()
            server.shutdown()
            thread.join()
