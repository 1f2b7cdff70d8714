"""What each function is wired from: its own configuration, and no other function's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from functions.collector.handler import handler as collect
from functions.indexer.handler import handler as index
from functions.indexer.handler import indexer
from functions.pipeline.deadline import OutOfTime, within
from functions.pipeline.errors import ConfigError
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.sinks.loki.sink import LokiSink
from functions.pipeline.wiring import (
    all_options,
    collector_options,
    indexer_options,
    open_chosen_sink,
    open_sink,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING: dict[str, list[object]] = {"Records": []}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run each test in a container of its own, with nothing configured."""
    indexer.cache_clear()
    for variable in ("GRADIO_URL", "ELASTICSEARCH_URL"):
        monkeypatch.delenv(variable, raising=False)
    yield
    indexer.cache_clear()


def test_the_indexer_does_not_mind_the_collectors_configuration(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADIO_TIMEOUT", "soon")
    assert index(NOTHING, None) == {"objects": 0}


def test_the_indexer_names_what_is_wrong_in_its_own_configuration(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELASTICSEARCH_URL", "nowhere")
    with pytest.raises(ConfigError, match="ELASTICSEARCH_URL"):
        index(NOTHING, None)


def test_the_collector_minds_its_own_configuration_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELASTICSEARCH_URL", "nowhere")
    monkeypatch.setenv("GRADIO_TIMEOUT", "soon")
    with pytest.raises(ConfigError) as caught:
        collect({}, None)
    assert "GRADIO_TIMEOUT" in str(caught.value)
    assert "ELASTICSEARCH_URL" not in str(caught.value)


def test_only_an_indexer_function_writes_to_another_sink_than_the_indexes():
    environment = {"PIPELINE_SINK": "loki", "LOKI_URL": "http://127.0.0.1:9"}
    assert isinstance(open_sink(environment), DuckdbSink)
    assert isinstance(open_chosen_sink(environment), LokiSink)
    assert isinstance(open_chosen_sink({}), DuckdbSink)


def test_one_machine_has_the_options_of_all_functions_once():
    assert set(all_options()) == {*collector_options(), *indexer_options()}
    assert len(all_options()) == len(set(all_options()))


def test_work_has_as_long_as_it_is_given():
    never = threading.Event()
    with pytest.raises(OutOfTime):
        within(0.01, never.wait)
    never.set()


def test_work_that_times_out_itself_is_in_time():
    def work() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own") as caught:
        within(10, work)
    assert not isinstance(caught.value, OutOfTime)
