"""The collector takes each line once, whatever ends it and whoever runs beside it."""

import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.collector.collect import Collection, CollectorOptions
from functions.pipeline.batch import make_batch
from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.sources import Reading
from functions.pipeline.sources.file import FileSource
from functions.pipeline.store import Store

THEIRS = b'{"scheme": 1, "position": {"at": 0}, "time": "2025-01-20T10:30:00+00:00", "batch": null}'


class ListSource:
    """A source whose lines are a list, and whose position is a place in it."""

    name = "list"

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines

    def check(self) -> str:
        return f"{len(self.lines)} lines"

    def read(self, position: dict[str, Any] | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        at = position["at"] if position else 0
        end = len(self.lines) if limit is None else min(len(self.lines), at + limit)
        while at < end:
            lines = self.lines[at : min(at + size, end)]
            at += len(lines)
            yield Reading(lines, {"at": at})


class Crash(BaseException):
    """The process is gone."""


class CrashingStore(Store):
    """A store whose process dies at a given write: just before it, or just after."""

    def __init__(self, address: str, crash_at: int) -> None:
        super().__init__(address)
        self.crash_at = crash_at

    def put(self, key: str, body: bytes, traceparent: str = "") -> None:
        self._pass()
        super().put(key, body, traceparent)
        self._pass()

    def save(self, key: str, body: bytes, version: str | None) -> str:
        self._pass()
        saved = super().save(key, body, version)
        self._pass()
        return saved

    def _pass(self) -> None:
        self.crash_at -= 1
        if self.crash_at == 0:
            raise Crash


def lines(count: int, first: int = 0) -> list[bytes]:
    return [b"line %d" % number for number in range(first, first + count)]


def stored(store: Store) -> list[bytes]:
    """Return all lines in the store, batch by batch."""
    return [
        line
        for key in sorted(store.keys("raw"))
        for line in gzip.decompress(b"".join(store.get(key).chunks)).splitlines()
    ]


def collect(source: ListSource | FileSource, store: Store, size: int = 10, limit: int | None = None) -> Collection:
    collection = Collection(source, store, CollectorOptions(size))
    for _ in collection.batches(limit):
        pass
    return collection


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/data")


def test_every_line_is_taken_once_in_order(store: Store):
    source = ListSource(lines(25))
    assert (collect(source, store).lines, collect(source, store).lines) == (25, 0)
    source.lines += lines(3, 25)
    assert collect(source, store).lines == 3
    assert stored(store) == lines(28)


def test_a_batch_is_named_by_source_and_time(store: Store):
    collect(ListSource(lines(1)), store)
    (key,) = store.keys("raw")
    assert re.fullmatch(r"raw/list/\d{4}/\d\d/\d\d/\d{6}\.\d{6}-[0-9a-f]{16}\.log\.gz", key)


def test_batches_sort_as_they_were_made_even_when_the_clock_steps_back():
    future = datetime.now(UTC) + timedelta(days=1)
    first, time = make_batch("s", [b"a"], future)
    second, _ = make_batch("s", [b"b"], time)
    assert first.key < second.key


def test_the_limit_leaves_the_rest_for_the_next_run(store: Store):
    source = ListSource(lines(25))
    assert [collect(source, store, limit=12).lines for _ in range(3)] == [12, 12, 1]
    assert stored(store) == lines(25)


def test_a_run_without_news_writes_nothing(store: Store):
    collect(ListSource([]), store)
    assert list(store.keys("")) == []


def test_a_batch_that_was_not_indexed_comes_again(store: Store):
    source = ListSource(lines(25))
    first = next(iter(Collection(source, store, CollectorOptions(10)).batches()))  # and then the process ends
    again = Collection(source, store, CollectorOptions(10))
    keys = [batch.key for batch in again.batches()]
    assert keys[0] == first.key
    assert (again.recovered, again.lines) == (10, 15)
    assert stored(store) == lines(25)


@given(st.integers(0, 25), st.integers(1, 12), st.lists(st.integers(1, 30), max_size=4), st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_a_crash_at_any_write_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory, count: int, size: int, crashes: list[int], more: int
):
    address = f"file://{tmp_path_factory.mktemp('data')}"
    source = ListSource(lines(count))
    for crash_at in crashes:
        try:
            collect(source, CrashingStore(address, crash_at), size)
        except Crash:
            source.lines += lines(more, len(source.lines))
    collect(source, Store(address), size)
    assert stored(Store(address)) == source.lines


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_collectors_that_interleave_in_any_way_lose_and_double_nothing(turns: list[str], size: int):
    store = Store("memory://")
    source = ListSource(lines(12))
    running: dict[str, Iterator[Any]] = {}
    for turn in turns:
        collector = running.setdefault(turn, Collection(source, store, CollectorOptions(size)).batches())
        if next(collector, None) is None:
            del running[turn]
            source.lines += lines(1, len(source.lines))
    collect(source, store, size)
    assert stored(store) == source.lines


def test_processes_at_once_lose_and_double_nothing(tmp_path: Path):
    log = tmp_path / "api.log"
    log.write_bytes(b"\n".join(lines(3000)) + b"\n")
    program = (
        "from functions.collector.collect import *\n"
        "from functions.pipeline.sources.file import FileSource\n"
        "from functions.pipeline.store import Store\n"
        f"collection = Collection(FileSource({str(log)!r}), Store('file://{tmp_path}/data'), CollectorOptions(50))\n"
        "for _ in collection.batches(): pass\n"
        "print(collection.lines)"
    )
    command = [sys.executable, "-c", program]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    taken = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(taken) == 3000
    assert stored(Store(f"file://{tmp_path}/data")) == lines(3000)


def test_a_collector_that_always_comes_second_gives_way(store: Store):
    class Contested(Store):
        def save(self, key: str, body: bytes, version: str | None) -> str:
            super().save(key, THEIRS, version)  # somebody else, a moment before
            return super().save(key, body, version)

    with pytest.raises(TransientError, match="too many collectors"):
        collect(ListSource(lines(1)), Contested(store.address))


def test_a_journal_of_another_version_is_refused(store: Store):
    store.put("cursors/list.json", b'{"scheme": 2}')
    with pytest.raises(PermanentError, match=r"cursors/list\.json is of another version"):
        collect(ListSource(lines(1)), store)
