"""Records read = log documents + duplicates + dead letters: counted, printed, and a metric where it does not hold."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.cli import main
from functions.indexer import handler as indexer
from functions.pipeline.documents import Rows, Written
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from tests.fakes import FakeElasticsearch, LambdaContext, fake_elasticsearch, refusing

EVENTS = Path(__file__).parents[1] / "events"
COUNTERS = ("Records", "Documents", "Duplicates", "DeadLetters", "Unaccounted", "Unread", "PassedWithoutDocument")


@pytest.fixture
def elasticsearch(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeElasticsearch]:
    """A container that has just started, with the events' objects in a local store."""
    monkeypatch.setenv("PIPELINE_STORE", f"file://{EVENTS}/store")
    with fake_elasticsearch() as fake:
        monkeypatch.setenv("ELASTICSEARCH_URL", fake.url)
        indexer.indexer.cache_clear()
        yield fake
        indexer.indexer().close()
        indexer.indexer.cache_clear()


class LosingSink(DuckdbSink):
    """A sink with a fault that no real one has: it says nothing of some documents that it was given."""

    def write(self, documents: Iterable[Rows]) -> Written:
        return super().write((kind, [row for row in rows if b"started" not in row[2]]) for kind, rows in documents)


def invoke(capsys: pytest.CaptureFixture[str], name: str) -> list[dict[str, Any]]:
    """Invoke the indexer; return the lines that sum up what it did."""
    indexer.handler(json.loads((EVENTS / f"{name}.json").read_text()), LambdaContext())
    return [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "Records" in line]


@pytest.mark.usefixtures("elasticsearch")
def test_an_invocation_is_summed_up_in_one_line(capsys: pytest.CaptureFixture[str]):
    first, again = invoke(capsys, "sqs-s3"), invoke(capsys, "sqs-s3")
    common = {"severity": "INFO", "message": "counted", "function": "indexer"}
    assert first == [{**common, **dict(zip(COUNTERS, (3, 3, 0, 0, 0, 0, 0), strict=True))}]
    assert again == [{**common, **dict(zip(COUNTERS, (3, 0, 3, 0, 0, 0, 0), strict=True))}]


@pytest.mark.usefixtures("elasticsearch")
def test_on_lambda_the_line_is_in_the_embedded_metric_format(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "trilog-dev-indexer")
    (line,) = invoke(capsys, "sqs-s3")
    described = line["_aws"]
    assert abs(described["Timestamp"] / 1000 - time.time()) < 60
    (metrics,) = described["CloudWatchMetrics"]
    assert (metrics["Namespace"], metrics["Dimensions"]) == ("Trilog", [["FunctionName"]])
    assert metrics["Metrics"] == [{"Name": name, "Unit": "Count"} for name in COUNTERS]
    assert line["FunctionName"] == "trilog-dev-indexer"
    assert all(type(line[each["Name"]]) is int for each in metrics["Metrics"])


def test_a_document_refused_by_any_index_is_a_dead_letter_and_its_record_is_accounted_for(
    capsys: pytest.CaptureFixture[str], elasticsearch: FakeElasticsearch
):
    refused = refusing(lambda sent: sent[0] == "ml-api-message", 400, "document_parsing_exception")
    elasticsearch.always_answer_with(refused)
    (line,) = invoke(capsys, "sqs-s3")
    assert [line[name] for name in COUNTERS] == [3, 3, 0, 1, 0, 0, 0]


def test_where_nothing_was_finished_nothing_is_counted(
    capsys: pytest.CaptureFixture[str], elasticsearch: FakeElasticsearch
):
    assert invoke(capsys, "s3-test-event") == []
    elasticsearch.always_answer_with(refusing(lambda _: True, 400, "index_closed_exception"))
    assert invoke(capsys, "sqs-s3") == []


@pytest.mark.usefixtures("elasticsearch")
def test_what_a_sink_loses_is_unaccounted_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    sink = LosingSink(tmp_path / "index.duckdb", IndexNames())
    monkeypatch.setattr("functions.indexer.drops.open_chosen_sink", lambda _: sink)
    (line,) = invoke(capsys, "sqs-s3")
    assert [line[name] for name in COUNTERS] == [3, 2, 0, 0, 1, 0, 0]


def test_a_run_that_loses_a_record_says_so_and_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "api.log").write_text("{}\nAPI started\nanother line\n")
    assert main(["setup"]) == 0
    monkeypatch.setattr("functions.local.open_sink", lambda _: LosingSink(Path(".trilog/index.duckdb"), IndexNames()))
    assert main(["--once", "--source", "api.log"]) == 1
    out = capsys.readouterr().out
    assert "✗ 3 records read = 2 new + 0 duplicates + 0 dead letters in the log index" in out
    assert "Find out which records are missing: " in out
    assert main(["verify"]) == 1
    assert "1 of 3 records are missing, the first at position 3" in capsys.readouterr().out
