"""Stand-ins for what a real server cannot show on demand."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from functions.pipeline.documents import Document, Rejection, Rows, Written
from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.duckdb.sink import DuckdbSink

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    Answer = Callable[["_Request", list["Sent"]], None]

Sent = tuple[str, str, bytes]
"""A document of a bulk request: its index, its id and its body."""


class FakeElasticsearch:
    """As much of Elasticsearch as a sink needs, answering bulk requests as the test tells it to.

    `documents` are those it holds by (index, id), `bulks` how many each bulk request brought, `requests` everything
    that was asked of it, `accepted` the media types that were asked for. `largest` is the most bytes, uncompressed,
    that it takes in one body; `authorization` the header that it demands.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.version = "9.2.0"
        self.templates: set[str] = {IndexNames().base(kind) for kind in kinds()}
        self.documents: dict[tuple[str, str], bytes] = {}
        self.requests: list[str] = []
        self.bulks: list[int] = []
        self.accepted: set[str] = set()
        self.connections = 0
        self.largest: int | None = None
        self.authorization: str | None = None
        self._answers: Iterator[Answer] = iter(())

    def answer_with(self, *answers: Answer) -> None:
        """Answer the next bulk requests like this, one after another, and those after them as usual."""
        self._answers = iter(answers)

    def always_answer_with(self, answer: Answer) -> None:
        """Answer all bulk requests like this from now on."""
        self._answers = repeat(answer)

    def next_answer(self) -> Answer:
        """Return what the next bulk request is to be answered with."""
        return next(chain(self._answers, repeat(stored)))


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10  # seconds after which a connection that a failed test left open does not hold up the end any more
    wbufsize = -1  # one packet an answer: two would wait 40 ms for each other
    fake: FakeElasticsearch

    def setup(self) -> None:
        super().setup()
        self.fake.connections += 1

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def reply(self, status: int, content: Any) -> None:
        body = content if isinstance(content, bytes) else orjson.dumps(content)
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        self.fake.requests.append(f"{self.command} {path}")
        self.fake.accepted.add(self.headers["Accept"])
        if self.fake.authorization not in (None, self.headers["Authorization"]):
            self.reply(401, _error(401, "security_exception", "unable to authenticate user"))
        elif path.endswith("/_bulk"):
            self._bulk(gzip.decompress(body))
        elif "/_index_template" in path:
            self._template(path.rpartition("/_index_template")[2].removeprefix("/"))
        else:
            self.reply(200, {"version": {"number": self.fake.version}})

    def _bulk(self, body: bytes) -> None:
        if self.fake.largest is not None and len(body) > self.fake.largest:
            self.reply(413, b"<html>413 Request Entity Too Large</html>")
            return
        sent = _documents(body)
        self.fake.bulks.append(len(sent))
        self.fake.next_answer()(self, sent)

    def _template(self, name: str) -> None:
        if self.command == "PUT":
            self.fake.templates.add(name)
        found = [each for each in sorted(self.fake.templates) if name in ("", each)]
        if name and not found:
            self.reply(404, _error(404, "resource_not_found_exception", f"index template matching [{name}] not found"))
            return
        self.reply(200, {"index_templates": [{"name": each, "index_template": {}} for each in found]})

    def log_message(self, *_: object) -> None:
        """Keep the tests' output for the tests."""


def _documents(body: bytes) -> list[Sent]:
    lines = body.splitlines()
    actions = [json.loads(line)["index"] for line in lines[::2]]
    return [(action["_index"], action["_id"], line) for action, line in zip(actions, lines[1::2], strict=True)]


def _error(status: int, kind: str, reason: str) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": reason}, "status": status}


def stored(request: _Request, sent: list[Sent]) -> None:
    """Store everything, as a server in good health does."""
    refusing(lambda _: False, 0, "")(request, sent)


def refusing(
    which: Callable[[Sent], bool],
    status: int,
    kind: str,
    change: Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]] = list,
) -> Answer:
    """Store all documents but some, which are refused with this status and type of error; answer so, or changed."""

    def answer(request: _Request, sent: list[Sent]) -> None:
        results = [
            _result(each, **_error(status, kind, "no")) if which(each) else _created(request.fake, each)
            for each in sent
        ]
        request.reply(200, {"errors": any(map(which, sent)), "items": [*change(results)]})

    return answer


def _created(fake: FakeElasticsearch, sent: Sent) -> dict[str, Any]:
    return _result(sent, status=_store(fake, sent))


def _result(sent: Sent, **told: Any) -> dict[str, Any]:
    index, identity, _ = sent
    return {"index": {"_index": index, "_id": identity, **told}}


def _store(fake: FakeElasticsearch, sent: Sent) -> int:
    index, identity, body = sent
    status = 200 if (index, identity) in fake.documents else 201
    fake.documents[index, identity] = body
    return status


def failing(status: int, content: Any = b"") -> Answer:
    """Answer the request as a whole with this status."""
    return lambda request, _: request.reply(status, content)


def dropping(request: _Request, sent: list[Sent]) -> None:  # noqa: ARG001 (an answer is given what was sent)
    """Drop the connection without an answer."""
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


def storing_then_closing(request: _Request, sent: list[Sent]) -> None:
    """Store everything and answer, then end the connection without having said so, as an idle server does."""
    stored(request, sent)
    request.close_connection = True


def slow(seconds: float) -> Answer:
    """Store everything, but answer only after this time."""

    def answer(request: _Request, sent: list[Sent]) -> None:
        time.sleep(seconds)
        stored(request, sent)

    return answer


@contextmanager
def fake_elasticsearch(tls: ssl.SSLContext | None = None) -> Iterator[FakeElasticsearch]:
    """Run a fake on a free port for as long as the context lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Request", (_Request,), {})) as server:
        server.daemon_threads = False  # so that closing the server waits for every connection's end
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https" if tls else "http"
        fake = server.RequestHandlerClass.fake = FakeElasticsearch(f"{scheme}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


class LambdaContext:
    """What AWS Lambda tells a function of its invocation: the time that is left, by the clock or as the test says."""

    def __init__(self, seconds: float | Callable[[], float] = 60.0) -> None:
        end = 0.0 if callable(seconds) else time.monotonic() + seconds
        self._left = seconds if callable(seconds) else lambda: end - time.monotonic()

    def get_remaining_time_in_millis(self) -> int:
        return max(int(self._left() * 1000), 0)


class RefusingSink(DuckdbSink):
    """An embedded index that refuses for good what contains a text, of the kinds given: DuckDB itself never does."""

    def __init__(self, path: Path, refused: bytes, kinds: set[str]) -> None:
        super().__init__(path, IndexNames())
        self.refused, self.kinds = refused, kinds

    def write(self, documents: Iterable[Rows]) -> Written:
        rejected: list[Rejection] = []
        written = super().write(self._accepted(documents, rejected))
        written.rejected = rejected
        return written

    def _accepted(self, documents: Iterable[Rows], rejected: list[Rejection]) -> Iterator[Rows]:
        for kind, rows in documents:
            refused = [row for row in rows if kind in self.kinds and self.refused in row[2]]
            for identity, timestamp, body in refused:
                document = Document(kind, identity.decode(), timestamp, body)
                rejected.append(Rejection(document, 400, "document_parsing_exception: no"))
            yield kind, [row for row in rows if row not in refused]
