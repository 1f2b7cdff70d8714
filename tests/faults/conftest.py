"""What all tests of faults share: a row of the table for each, its time bounded, and a pipeline to suffer."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from functions.indexer import handler as indexer
from functions.pipeline.wiring import open_indexes
from tests.fakes import FakeElasticsearch, fake_elasticsearch
from tests.faults.judge import Found
from tests.faults.pipeline import Case, RealElasticsearch
from tests.faults.table import TABLE, FaultTest, Row, fault_tests, load_of, render

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_ROWS = pytest.StashKey[dict[FaultTest, Row]]()
_NUMBER = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(title, effect, within): shows a fault; its row in docs/reliability.md")
    config.stash[_ROWS] = {}
    config.stash[_NUMBER] = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Bound the time of a fault's test, set-up and servers' starts not counted."""
    begun = time.monotonic()
    result = yield
    mark = item.get_closest_marker("fault")
    if mark:
        seconds = time.monotonic() - begun
        assert seconds < mark.kwargs["within"], f"took {seconds:.1f} s"
        assert _identity(item) in item.config.stash[_ROWS], "nothing was judged"
    return result


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the table, where the environment says (`make faults`), if every fault has its row."""
    rows = session.config.stash[_ROWS]
    wanted = os.environ.get("TRILOG_WRITE_RELIABILITY") == "1"
    if wanted and not exitstatus and {*rows} == {test for tests in fault_tests().values() for test in tests}:
        TABLE.parent.mkdir(exist_ok=True)
        load = load_of(TABLE.read_text()) if TABLE.exists() else ""
        TABLE.write_text(render(rows, load))


def _identity(item: pytest.Item) -> FaultTest:
    return FaultTest(item.path.name, item.name.partition("[")[0])


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """A pipeline of the test's own: a store in a folder, index names that nobody else has, a container just started."""
    config = request.config
    config.stash[_NUMBER] += 1
    mark, rows, test = request.node.get_closest_marker("fault"), config.stash[_ROWS], _identity(request.node)

    def record(*counts: int | None) -> None:
        row = Row(*mark.args, *counts, mark.kwargs["within"])
        rows[test] = rows[test] + row if test in rows else row

    made = Case(tmp_path / "store", f"fault-{config.stash[_NUMBER]}", record)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    indexer.indexer.cache_clear()
    yield made
    if indexer.indexer.cache_info().currsize:
        indexer.indexer().close()
    indexer.indexer.cache_clear()


@pytest.fixture
def elasticsearch(case: Case, elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealElasticsearch]:
    """The real one, as the pipeline's sink."""
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    with RealElasticsearch(elasticsearch_url, case.prefix) as real:
        case.found = real.found
        yield real


@pytest.fixture
def fake(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeElasticsearch]:
    """One that can be told to fail, as the pipeline's sink."""
    with fake_elasticsearch() as fake:
        fake.templates |= {f"{case.prefix}-{kind}" for kind in ("logs", "message", "perfs", "dead-letters")}
        monkeypatch.setenv("ELASTICSEARCH_URL", fake.url)
        case.found = lambda: case.found_in_fake(fake)
        yield fake


@pytest.fixture
def folder(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run the command line in, with the embedded index as the pipeline's sink."""
    monkeypatch.setenv("PIPELINE_DATA", str(tmp_path / "data"))
    indexes = open_indexes({"PIPELINE_DATA": str(tmp_path / "data"), **case.environment})
    case.found = lambda: Found([each["raw_log"] for each in indexes.read("logs")], [*indexes.read("dead-letters")])
    return tmp_path
