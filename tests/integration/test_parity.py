"""A real Space's log gives the same documents in DuckDB and in a real Elasticsearch."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.cli import main
from tests.space import Space, start_space

pytestmark = pytest.mark.elasticsearch

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
    for kind in ("logs", "message", "perfs", "dead-letters"):
        documents = [json.loads(line) for line in run("export", kind).split("\n")[:-1]]
        for document in documents:  # batches made by two runs have different names
            document["_id"] = int(document["_id"].rpartition("-")[2])
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
    assert len(expected["perfs"]) > 20
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


def test_a_value_that_breaks_the_mapping_loses_no_record(
    run: Callable[..., str], elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    good = '2025-01-20 10:30:00 - api - INFO - [t-1] POST /predict - 200 - 4ms - {"AGE": 1} - {"prediction": 1}\n'
    bad = good.replace('"AGE": 1', '"AGE": {"years": 1}').replace("t-1", "t-2")
    (tmp_path / "api.log").write_text(good + bad)
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "broken-logs")

    counts = json.loads(run("--once", "--source", "api.log", "--json"))
    assert counts["indexes"] == {
        "broken-logs": {"documents": 2, "duplicates": 0, "dead_letters": 0},
        "broken-message": {"documents": 1, "duplicates": 0, "dead_letters": 1},
        "broken-perfs": {"documents": 0, "duplicates": 0, "dead_letters": 0},
    }
    raw = [json.loads(line) for line in run("export", "logs").split("\n")[:-1]][1]
    assert raw["raw_log"] == bad.strip()
    assert raw["error"]["type"] == "mapping"
    (dead,) = (json.loads(line) for line in run("export", "dead-letters").split("\n")[:-1])
    assert (dead["target"], dead["class"], dead["raw_log"]) == ("message", "mapping", bad.strip())
    assert dead["store_key"].startswith("raw/")
    assert json.loads(dead["document"])["input_data"] == {"AGE": {"years": 1}}
