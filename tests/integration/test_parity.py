"""A real Space's log gives the same documents in DuckDB and in a real Elasticsearch."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.cli import main
from functions.pipeline import kinds as kinds_room
from functions.pipeline.framing import split_records
from functions.pipeline.names import IndexNames
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.sinks.elasticsearch.indexes import ElasticsearchIndexes
from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
from functions.pipeline.sinks.elasticsearch.sink import ElasticsearchSink
from tests.space import Space, start_space

pytestmark = pytest.mark.elasticsearch

KINDS = Path(kinds_room.__file__).parent

ODD = [  # what no Space should log, and some do
    '{"broken": ',
    "[t-1] POST /predict - 200 - 4ms - {'AGE': 74} - {\"prediction\": 1}",
    '[t-2] POST /predict - 200 - 4ms - {"AGE": "old", "NEW ONE": 1.5} - {"prediction": 1, "probability": "?"}',
    '[t-3] POST /predict - 200 - 4ms - {"AGE": 74, "AGE": 75, "list": [1, 2]} - [{"prediction": 1}, {"p": 0}]',
    '{"performance_metrics": {"transaction_id": "t4", "cpu_time_ms": "n/a", "function_calls": 2.5, "gpu": {"mb": 1}}}',
    "Traceback (most recent call last):\n  File x\nValueError: é \u2028 \U0001f600",
    "x" * 100_000,
]


@pytest.fixture(scope="module")
def space() -> Iterator[Space]:
    with start_space() as running:
        running.predict(24)
        running.log_many([{"message": message} for message in ODD])
        running.log("WARNING", "with data", {"status_code": "abc", "user": {"id": 7}, "input_data": {"AGE": 1}})
        yield running


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command line in a folder of its own; give what it printed."""
    monkeypatch.setenv("PIPELINE_TOP_FUNCTIONS", "on")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> str:
        code = main(arguments)
        printed = capfd.readouterr()
        assert code == 0, printed
        return printed.out

    return command


def exports(run: Callable[..., str]) -> dict[str, list[dict[str, Any]]]:
    """Export all indexes: their documents in order, each known by its place in its batch."""
    found = {}
    for kind in ("logs", "message", "perfs", "top-func", "dead-letters"):
        documents = [json.loads(line) for line in run("export", kind).split("\n")[:-1]]
        for document in documents:  # batches made by two runs have different names
            document["_id"] = float(document["_id"].rpartition("-")[2])
            document.pop("sequence", None)  # it tells when the batch was made
        found[kind] = sorted(documents, key=lambda document: document["_id"])
    return found


def test_both_sinks_hold_the_same_documents(
    space: Space, run: Callable[..., str], elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch
):
    embedded = json.loads(run("--once", "--gradio-url", space.url, "--json"))
    expected = exports(run)

    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "parity-logs")
    monkeypatch.setenv("PIPELINE_DATA", "other")
    served = json.loads(run("--once", "--gradio-url", space.url, "--json"))
    found = exports(run)

    assert embedded["collected"] == served["collected"] > 70
    assert embedded["conserved"]
    assert served["conserved"]
    assert list(embedded["indexes"].values()) == list(served["indexes"].values())
    assert len(expected["message"]) > 20
    assert len(expected["top-func"]) > len(expected["perfs"]) > 20
    for kind, documents in expected.items():
        assert found[kind] == documents, kind
    assert "the indexes are as expected" in run("test-indexes")


def test_a_second_run_adds_only_the_new_lines(space: Space, run: Callable[..., str]):
    first = json.loads(run("--once", "--gradio-url", space.url, "--json"))
    space.log_many([{"message": "the same line"}] * 3)
    second = json.loads(run("--once", "--gradio-url", space.url, "--json"))
    assert (second["collected"], second["gaps"]) == (3, 0)
    assert second["indexes"]["ml-api-logs"] == {"documents": 3, "duplicates": 0, "dead_letters": 0}
    assert len(run("export", "logs").split("\n")[:-1]) == first["collected"] + 3


LINE = "2025-01-20 10:30:00 - api - INFO - [t-{}] POST /predict - 200 - 4ms - {} - {}"
BELOW = '{"a":' * 100 + "1" + "}" * 100
STRANGE = [  # inputs that break a mapping, or that would one after the other
    *(Path(__file__).with_name("strange-inputs.txt").read_text().splitlines()),
    *(f'{{"{"n" * length}": 1}}' for length in (300, 9000)),
    f'{{"long": "{"é" * 40_000}"}}',
    *(BELOW, f'{{"deep": {BELOW}}}', f'{{"AGE": {"[" * 60}1{"]" * 60}}}'),
    json.dumps({f"f{at}": at for at in range(3000)}),
    '{"later": 5, "AGE": 3}',
]
ANSWERS = [
    *('{"prediction": 1}', '{"prediction": {"label": "YES"}}', '{"probability": "?"}', '{"probabilities": [0.1, 0.9]}'),
    *('{"probabilities": {"YES": 0.9}}', '{"probabilities": "none"}', '[{"prediction": 1}, {"": 2}]', "0.5", '"YES"'),
]
OTHERS = [
    '{"time": 1737369000, "performance_metrics": {"top_functions": [{"function": {"a": 1}}], "cpu_time_ms": 1}}',
    f'{{"time": 1737369000, "performance_metrics": {{"top_functions": [{{"": 1}}], "a\\u0000b": {BELOW}}}}}',
    f'{{"time": 1737369000, "transaction_id": 20250120103000123456, "message": "x", "k\\u0000": 1, "deep": {BELOW}}}',
    f'{{"time": 1737369000, "message": "x", "{"k" * 9000}": {{"{"k" * 9000}": 1}}}}',
]


@pytest.mark.parametrize("step", [1, -1], ids=["forwards", "backwards"])
def test_strange_values_cost_no_document_in_any_sink(
    run: Callable[..., str], elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: int
):
    pairs = [(sent, '{"prediction": 1}') for sent in STRANGE] + [('{"AGE": 1}', answer) for answer in ANSWERS]
    lines = [LINE.format(at, *pair) for at, pair in enumerate(pairs)] + OTHERS
    (tmp_path / "api.log").write_text("\n".join(lines[::step]) + "\n")
    embedded = json.loads(run("--once", "--source", "api.log", "--json"))
    expected = exports(run)

    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", f"strange{step + 1}-logs")
    monkeypatch.setenv("PIPELINE_DATA", "other")
    served = json.loads(run("--once", "--source", "api.log", "--json"))
    assert list(embedded["indexes"].values()) == list(served["indexes"].values())
    assert len(expected["message"]) == len(pairs)
    assert not expected["dead-letters"]
    found = exports(run)
    for kind, documents in expected.items():
        assert found[kind] == documents, kind


def test_features_of_any_model_and_misfits_are_found(
    run: Callable[..., str], elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    sent = [
        '{"Sepal.Length": 5.1, "petal": "small"}',
        '{"Sepal.Length": 4.9, "petal": "large"}',
        '{"Sepal.Length": "wide"}',
    ]
    sent += ['{"AGE": "old"}', '{"AGE": {"0": 74}}']
    answers = ['{"probabilities": {"YES": 0.9}}', *['{"prediction": "YES"}'] * 4]
    lines = [LINE.format(at, *pair) for at, pair in enumerate(zip(sent, answers, strict=True))]
    (tmp_path / "api.log").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "features-logs")
    run("--once", "--source", "api.log")

    with Elasticsearch(elasticsearch_url) as client:

        def found(name: str, value: object) -> list[str]:
            answer = client.search(index="features-message", query={"term": {name: value}}, sort="sequence")
            return [hit["_source"]["transaction_id"] for hit in answer["hits"]["hits"]]

        client.indices.refresh(index="features-message")
        average = client.search(index="features-message", aggs={"mean": {"avg": {"field": "input_data.Sepal.Length"}}})
        assert average["aggregations"]["mean"]["value"] == pytest.approx(5.0)
        assert found("input_data.petal", "large") == ["t-1"]
        assert found("result.probabilities.YES", 0.9) == ["t-0"]
        assert found("input_data.Sepal.Length.as_text", "wide") == ["t-2"]
        assert found("misfit.input_data.AGE", "old") == ["t-3"]
        assert found("misfit.input_data.AGE.0", "74") == ["t-4"]
        assert found("misfit", "old") == ["t-3"]
    assert "the indexes are as expected" in run("test-indexes")


NAMES = st.sampled_from(["AGE", "GENDER", "AGE.1", "x", "x.y", "x.as_text", "as_text", "", " ", "."]) | st.text(
    max_size=3
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(inputs=st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=50, max_size=100))
def test_generated_inputs_are_the_same_documents_in_both_sinks(
    inputs: list[dict[str, Any]], elasticsearch_url: str, tmp_path: Path
):
    run = uuid4().hex
    lines = [LINE.format(at, json.dumps(each), '{"prediction": 1}') for at, each in enumerate(inputs)]
    parsing, made = Parser(ParserOptions()).open(), defaultdict(list)
    for at, record in enumerate(split_records(["\n".join(lines).encode()], "a.log", parsing.reader)):
        parsing.parse(record, "2025-01-01T00:00:00.000Z", at, f"{run}-{at}".encode(), made)

    found = written(made, run, tmp_path, elasticsearch_url)
    assert found[0] == found[1]
    assert len(found[0]["message"]) == len(inputs)


def written(made: Any, run: str, folder: Path, url: str) -> list[dict[str, list[dict[str, Any]]]]:
    """Write documents to both sinks, which must take all of them; return what each holds, by kind."""
    found, names, address = [], IndexNames(logs=f"generated{run}-logs"), ElasticsearchOptions(url=url)
    for sink, indexes in (
        (DuckdbSink(folder / f"{run}.duckdb", names), DuckdbIndexes(folder / f"{run}.duckdb", names)),
        (ElasticsearchSink(address, names), ElasticsearchIndexes(address, names)),
    ):
        with sink:
            assert not sink.write(made.items()).rejected
        found.append({kind: list(indexes.read(kind)) for kind in made})
    return found


ROW = json.loads((KINDS / "ingestion_run" / "sample.log").read_text("utf-8").splitlines()[0])
RUN = json.loads((KINDS / "ingestion_run" / "sample.log").read_text("utf-8").splitlines()[2])
EXECUTION = {"event": "model_execution", "execution_id": "e", "model_name": "m", "status": "started", "details": {}}
EXECUTION |= dict.fromkeys(("response_time", "cpu_usage", "memory_usage", "error_message", "timestamp", "log_level"))


ODD_ROWS = st.sampled_from((ROW, RUN, EXECUTION)).flatmap(
    lambda sent: st.dictionaries(st.sampled_from(sorted(sent)), VALUES, max_size=4).map(lambda odd: sent | odd)
)


@settings(
    max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=st.lists(ODD_ROWS, min_size=50, max_size=100))
def test_both_sinks_take_runs_and_executions_with_any_values(
    sent: list[dict[str, Any]], elasticsearch_url: str, tmp_path: Path
):
    run = uuid4().hex
    parsing, made = Parser(ParserOptions()).open(), defaultdict(list)
    for at, record in enumerate(split_records(["\n".join(map(json.dumps, sent)).encode()], "a.log", parsing.reader)):
        parsing.parse(record, "2025-01-01T00:00:00.000Z", at, f"{run}-{at}".encode(), made)
    found = written(made, run, tmp_path, elasticsearch_url)
    for kind in made:
        assert found[0][kind] == found[1][kind]
    assert len(found[0]["logs"]) == len(sent)
