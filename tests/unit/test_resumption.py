"""Indexing goes on where it stopped: the same documents, none twice, whatever the object is stored as."""

from __future__ import annotations

import bz2
import gzip
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any, Self

import pytest

from functions.indexer.index import Indexing
from functions.indexer.marks import BEGIN, Mark
from functions.indexer.resumption import LARGE, Resumption
from functions.pipeline.documents import Rows, Written
from functions.pipeline.errors import Conflict
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

PARSER = Parser(ParserOptions())
TRACE = "Traceback (most recent call last):\n  File 'a.py', line 1, in f\nValueError: no\n"


class Confirming:
    """A sink that has what it has got at once, and remembers it in order."""

    def __init__(self) -> None:
        self.documents: list[tuple[str, bytes, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, documents: Iterable[Rows]) -> Written:
        return self.write_confirming(documents, lambda _: None)

    def write_confirming(self, documents: Iterable[Rows], confirm: Callable[[int], None]) -> Written:
        written = Written()
        for count, (kind, rows) in enumerate(documents, 1):
            self.documents += [(kind, identity, body) for identity, _, body in rows]
            written.created[kind] = written.created.get(kind, 0) + len(rows)
            confirm(count)
        return written


def lines() -> bytes:
    return "".join(
        f"2025-01-20 10:30:{number % 60:02} - api - ERROR - {number}\n{TRACE if number % 3 == 0 else ''}"
        for number in range(20_000)
    ).encode()


def elements() -> bytes:
    return json.dumps([{"message": f"m {number}"} for number in range(20_000)]).encode()


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("a.log", lines()),
        ("a.log.gz", gzip.compress(lines())),
        ("a.log.bz2", bz2.compress(lines())),
        ("a.log", lines().decode().encode("utf-16")),
        ("a.log", lines()[:1000] + b"\n" + bytes(5000) + b"\n" + lines()[1000:]),
        ("a.json", elements()),
    ],
)
def test_an_object_is_indexed_part_by_part_as_if_at_once(key: str, content: bytes, tmp_path: Path):
    store, whole, parts = Store(f"file://{tmp_path}"), Confirming(), Confirming()
    store.put(key, content)
    tally = Indexing(key, store, PARSER, whole).run()  # type: ignore[arg-type]
    mark, rounds, records = BEGIN, 0, 0
    while True:
        indexing = Indexing(key, store, PARSER, parts, begin=lambda _, mark=mark: mark, enough=lambda: True)  # type: ignore[arg-type, misc]
        records += indexing.run().records
        rounds += 1
        if not indexing.stopped:
            break
        assert indexing.marks.last.done > mark.done
        mark = Mark(indexing.marks.last.border, indexing.marks.last.done, indexing.marks.last.plain)
    assert rounds > 1
    assert (parts.documents, records) == (whole.documents, tally.records)


def test_a_mark_is_kept_until_the_object_is_finished_or_written_again(tmp_path: Path):
    store = Store(f"file://{tmp_path}")
    store.put("a.log", lines())
    first = Resumption(store, "index/a", again=False)
    assert first.begin(store.get("a.log")) == BEGIN
    first.stop(Mark(done=5))
    assert Resumption(store, "index/a", again=False).begin(store.get("a.log")) == BEGIN  # it was not looked for
    second = Resumption(store, "index/a", again=True)
    assert second.begin(store.get("a.log")) == Mark(done=5)
    store.put("a.log", lines()[:500])
    assert Resumption(store, "index/a", again=True).begin(store.get("a.log")) == BEGIN
    second.finish()
    assert list(store.keys("progress")) == []


def test_a_mark_is_looked_for_where_an_object_is_large(tmp_path: Path):
    store = Store(f"file://{tmp_path}")
    store.put("a.log", b"x" * LARGE)
    first = Resumption(store, "index/a", again=False)
    first.begin(store.get("a.log"))
    first.stop(Mark(done=5))
    assert Resumption(store, "index/a", again=False).begin(store.get("a.log")).done == 5


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": "x"}'])
def test_a_damaged_mark_is_none(content: bytes, tmp_path: Path):
    store = Store(f"file://{tmp_path}")
    store.put("a.log", lines())
    store.put("progress/index/a.json", content)
    assert Resumption(store, "index/a", again=True).begin(store.get("a.log")) == BEGIN


def test_of_two_that_stop_at_once_the_mark_of_one_is_kept(tmp_path: Path):
    store = Store(f"file://{tmp_path}")
    store.put("a.log", lines())
    both = [Resumption(store, "index/a", again=True) for _ in range(2)]
    for each in both:
        each.begin(store.get("a.log"))
    for done, each in enumerate(both, 5):
        each.stop(Mark(done=done))
    assert Resumption(store, "index/a", again=True).begin(store.get("a.log")) == Mark(done=5)


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str | None, str | None]]]:
    """An S3 that ends a stream early, refuses to go on with it once, and goes on then."""
    asked: list[tuple[str | None, str | None]] = []
    content = lines() * 4

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append((self.headers["Range"], self.headers["If-Match"]))
            first = int(asked[-1][0].removeprefix("bytes=").split("-")[0]) if asked[-1][0] else 0
            refused = len(asked) == 2
            self.send_response(400 if refused else 206 if first else 200)
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(0 if refused else len(content) - first))
            self.end_headers()
            self.wfile.write(b"" if refused else content[first : None if first else len(content) // 2])
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        yield asked
        server.shutdown()
        thread.join()


def test_a_stream_that_breaks_off_is_opened_again_where_it_did(breaking: list[tuple[str | None, str | None]]):
    assert b"".join(Store("s3://bench").get("a.log").chunks) == lines() * 4
    assert breaking[-1][1] == '"1"'
    assert breaking[-1][0] != "bytes=0-"


def test_an_object_that_was_written_again_is_not_gone_on_with(tmp_path: Path):
    store = Store(f"file://{tmp_path}")
    store.put("a.log", lines())
    version = store.get("a.log").version
    store.put("a.log", lines()[:500])
    with pytest.raises(Conflict):
        store.get("a.log", 100, version)
